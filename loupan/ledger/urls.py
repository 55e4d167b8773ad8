from django.urls import URLPattern, URLResolver, path

from loupan.ledger import views

app_name = "ledger"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.ledger, name="home"),
    path("receipts/", views.receipts, name="receipts"),
    path("receivables/", views.receivables, name="receivables"),
    path("bank-accounts/", views.bank_accounts, name="bank_accounts"),
    path("bank-accounts/new/", views.bank_account, name="bank_account_new"),
    path("bank-accounts/<int:pk>/", views.bank_account, name="bank_account"),
]
