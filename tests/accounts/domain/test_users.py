from __future__ import annotations

from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.domain import users
from accounts.models import AuditEntry, Theme, User
from accounts.signals import access_revoked, member_changed
from tests.cast import signed_in


def test_a_new_name_is_told_to_every_workspace(
    erin: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    heard: list[str] = []

    def on_changed(membership: object, **_: object) -> None:
        heard.append(membership.workspace.slug)  # type: ignore[attr-defined]

    member_changed.connect(on_changed)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            users.change_profile(user=erin, name="Erin O.", theme=Theme.DARK)
            users.change_profile(user=erin, name="Erin O.", theme=Theme.LIGHT)
    finally:
        member_changed.disconnect(on_changed)
    assert sorted(heard) == ["harbour", "hill"]
    erin.refresh_from_db()
    assert (erin.name, erin.theme) == ("Erin O.", Theme.LIGHT)


def test_a_deactivated_user_is_out_at_once(
    bob: User, sam: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = signed_in(bob)
    assert client.get("/profile/").status_code == 200
    revoked: list[object] = []

    def on_revoked(user_id: int | None, **_: object) -> None:
        revoked.append(user_id)

    access_revoked.connect(on_revoked)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            users.set_active(user=bob, active=False, actor=sam)
    finally:
        access_revoked.disconnect(on_revoked)
    assert revoked == [bob.pk]
    assert client.get("/profile/").status_code == 302
    assert AuditEntry.objects.get().action == "user.deactivated"


def test_a_new_password_ends_every_other_session(bob: User) -> None:
    client = signed_in(bob)
    users.change_password(user=bob, password="something else entirely")
    assert client.get("/profile/").status_code == 302
