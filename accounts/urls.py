"""Addresses of accounts. Signing in and up is allauth's, mounted at `accounts/` by `chatsite/urls.py`."""

from django.urls import path

from accounts.views import dev_mail, home, profile, sign_up, team, workspace

urlpatterns = [
    path("", home.home, name="home"),
    path("accounts/signup/", sign_up.sign_up, name="account_signup"),
    path("workspaces/", home.workspace_switch, name="workspace_switch"),
    path("profile/", profile.profile, name="profile"),
    path("w/<slug:slug>/team/", team.team, name="team"),
    path("w/<slug:slug>/team/<int:member_id>/role/", team.member_role, name="member_role"),
    path("w/<slug:slug>/team/<int:member_id>/remove/", team.member_remove, name="member_remove"),
    path("w/<slug:slug>/settings/", workspace.workspace_settings, name="workspace_settings"),
    path("dev/mail/", dev_mail.dev_mail, name="dev_mail"),
    path("dev/mail/<int:mail_id>/", dev_mail.dev_mail_message, name="dev_mail_message"),
]
