"""Rows for tests, each the smallest that is valid."""

from __future__ import annotations

from typing import Any

import factory
from allauth.account.models import EmailAddress
from factory.django import DjangoModelFactory

from accounts.models import Mail, MailClass, Membership, Role, User, Workspace

PASSWORD = "a quiet harbour at dawn"


class UserFactory(DjangoModelFactory[User]):
    """A user who can sign in: their address is confirmed."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    name = factory.Sequence(lambda number: f"Person {number}")
    email = factory.Sequence(lambda number: f"person{number}@people.example")
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def confirmed(self, create: bool, extracted: bool | None, **kwargs: Any) -> None:
        if create:
            EmailAddress.objects.create(user=self, email=self.email, primary=True, verified=extracted is not False)


class WorkspaceFactory(DjangoModelFactory[Workspace]):
    class Meta:
        model = Workspace

    name = factory.Sequence(lambda number: f"Workspace {number}")
    slug = factory.Sequence(lambda number: f"workspace-{number}")


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    workspace = factory.SubFactory(WorkspaceFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.OPERATOR


class MailFactory(DjangoModelFactory[Mail]):
    class Meta:
        model = Mail

    kind = "confirm_address"
    mail_class = MailClass.SECURITY
    to = factory.Sequence(lambda number: f"reader{number}@people.example")
    subject = "A subject"
    text = "A text."
