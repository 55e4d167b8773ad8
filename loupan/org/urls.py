from django.urls import path

from loupan.core.views import preferences
from loupan.org.views import account, organisation, people

app_name = "org"
urlpatterns = [
    path("login/", account.sign_in, name="login"),
    path("logout/", account.sign_out, name="logout"),
    path("password/", account.password, name="password"),
    path("account/", account.account, name="account"),
    path("tokens/", account.tokens, name="tokens"),
    path("tokens/<int:pk>/revocation/", account.token_revocation, name="token_revocation"),
    path("current-project/", account.switch_project, name="switch_project"),
    path("current-post/", account.switch_post, name="switch_post"),
    path("preferences/", preferences, name="preferences"),
    path("", organisation.organisation, name="organisation"),
    path("companies/new/", organisation.new_company, name="new_company"),
    path("companies/<int:pk>/", organisation.company, name="company"),
    path("projects/new/", organisation.new_project, name="new_project"),
    path("projects/<int:pk>/", organisation.project, name="project"),
    path("departments/new/", organisation.new_department, name="new_department"),
    path("departments/<int:pk>/", organisation.department, name="department"),
    path("posts/new/", organisation.new_post, name="new_post"),
    path("posts/<int:pk>/", organisation.post, name="post"),
    path("functions/", organisation.functions, name="functions"),
    path("roles/", organisation.roles, name="roles"),
    path("roles/<int:pk>/", organisation.role, name="role"),
    path("audit/", organisation.audit_log, name="audit"),
    path("users/", people.users, name="users"),
    path("users/new/", people.new_user, name="new_user"),
    path("users/<int:pk>/", people.user, name="user"),
    path("users/<int:pk>/preview/", people.preview, name="preview"),
    path("users/<int:pk>/edit/", people.edit_user, name="edit_user"),
    path("users/<int:pk>/disabling/", people.disabling, name="disabling"),
    path("users/<int:pk>/handing-over/", people.handing_over, name="handing_over"),
    path("users/<int:pk>/enabling/", people.enabling, name="enabling"),
    path("users/<int:pk>/password-reset/", people.password_reset, name="password_reset"),
    path("users/<int:pk>/unlocking/", people.unlocking, name="unlocking"),
    path("users/<int:pk>/holdings/", people.holdings, name="holdings"),
    path("users/<int:pk>/holdings/<int:post_id>/leaving/", people.leaving, name="leaving"),
]
