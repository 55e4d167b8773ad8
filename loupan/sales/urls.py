from django.urls import URLPattern, URLResolver, path

from loupan.sales.views import board, contracts, deals, money, papers, quotes, reservations

app_name = "sales"
urlpatterns: list[URLPattern | URLResolver] = [
    path("board/", board.board, name="board"),
    path("board/changes/", board.board_data, name="board_data"),
    path("board/control-sheet/", board.control_sheet, name="control_sheet"),
    path("board/release/", board.release, name="release"),
    path("board/withhold/", board.withhold, name="withhold"),
    path("board/offer-again/", board.unwithhold, name="unwithhold"),
    path("units/<int:pk>/", board.unit_panel, name="unit_panel"),
    path("units/<int:pk>/lock/", board.unit_lock, name="unit_lock"),
    path("units/<int:pk>/unlock/", board.unit_unlock, name="unit_unlock"),
    path("units/<int:pk>/hold/", board.unit_hold, name="unit_hold"),
    path("units/<int:pk>/release-hold/", board.unit_unhold, name="unit_unhold"),
    path("units/<int:pk>/quote/", quotes.quote, name="quote"),
    path("units/<int:pk>/quote/why/", quotes.quote_why, name="quote_why"),
    path("units/<int:pk>/quote/paper/", quotes.quote_paper, name="quote_paper"),
    path("units/<int:pk>/reservation/", reservations.reserve, name="reserve"),
    path(
        "units/<int:pk>/reservation/preview.pdf",
        reservations.reserve_preview,
        name="reserve_preview",
    ),
    path("reservations/", deals.reservations, name="reservations"),
    path("contracts/", deals.contracts, name="contracts"),
    path("deals/<int:pk>/", deals.deal, name="deal"),
    path("deals/<int:pk>/why/", deals.deal_why, name="deal_why"),
    path("deals/<int:pk>/contract/", contracts.sign, name="sign"),
    path("deals/<int:pk>/buyers/<int:buyer_pk>/", contracts.identify, name="identify"),
    path("deals/<int:pk>/cancellation/", contracts.cancel, name="cancel"),
    path("deals/<int:pk>/receipts/new/", money.receive, name="receive"),
    path("deals/<int:pk>/papers/<slug:kind>.<slug:form>", papers.paper, name="paper"),
    path("receipts/<int:pk>/", money.receipt, name="receipt"),
    path("receipts/<int:pk>/reversal/", money.reverse_receipt, name="reverse"),
    path("receipts/<int:pk>/paper.<slug:form>", papers.receipt_paper, name="receipt_paper"),
    path("accounts/<int:pk>/", deals.deal_of_account, name="deal_of_account"),
    path("customers/<int:pk>/deals/", deals.customer_deals, name="customer_deals"),
]
