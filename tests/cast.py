"""The people of the tests, and the two towns they live in.

| who | harbour | hill |
|---|---|---|
| Alice | owner | |
| Carol | admin | |
| Bob | operator | |
| Dave | removed (was operator) | |
| Erin | admin | operator |
| Mallory | | owner |
| Sam | staff of the platform, member of neither | |

Whoever tests that something is refused does it as Mallory, with data of harbour that could leak.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Role, User, Workspace
from tests.factories import PASSWORD, MembershipFactory, UserFactory, WorkspaceFactory

__all__ = ["PASSWORD", "Cast", "assemble", "signed_in"]


@dataclass(frozen=True)
class Cast:
    harbour: Workspace
    hill: Workspace
    alice: User
    carol: User
    bob: User
    dave: User
    erin: User
    mallory: User
    sam: User

    def member(self, user: User, workspace: Workspace | None = None) -> Membership:
        """The membership of `user` in `workspace` (harbour unless said otherwise), removed or not."""
        rows = Membership.objects.select_related("workspace", "user")
        return rows.get(user=user, workspace=workspace or self.harbour)


def assemble() -> Cast:
    """Writes the whole cast to the database."""
    harbour = WorkspaceFactory(name="Harbour Coffee", slug="harbour")
    hill = WorkspaceFactory(name="Hill Books", slug="hill")
    people = {name: UserFactory(name=name.title(), email=f"{name}@{town}.example") for name, town in _PEOPLE.items()}
    people["sam"] = UserFactory(name="Sam", email="sam@platform.example", is_staff=True, is_superuser=True)
    for name, role in (("alice", Role.OWNER), ("carol", Role.ADMIN), ("bob", Role.OPERATOR), ("erin", Role.ADMIN)):
        MembershipFactory(workspace=harbour, user=people[name], role=role)
    MembershipFactory(workspace=harbour, user=people["dave"], role=Role.OPERATOR, removed_at=timezone.now())
    MembershipFactory(workspace=hill, user=people["mallory"], role=Role.OWNER)
    MembershipFactory(workspace=hill, user=people["erin"], role=Role.OPERATOR)
    return Cast(harbour=harbour, hill=hill, **people)


_PEOPLE = {
    "alice": "harbour",
    "carol": "harbour",
    "bob": "harbour",
    "dave": "harbour",
    "erin": "both",
    "mallory": "hill",
}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
