"""Rows for tests, each the smallest that is valid."""

from __future__ import annotations

from typing import Any

import factory
from allauth.account.models import EmailAddress
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Mail, MailClass, Membership, Role, User, Workspace
from chats.models import AuthorType, Chat, Kind, Message, Visitor, Website

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


class WebsiteFactory(DjangoModelFactory[Website]):
    class Meta:
        model = Website

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda number: f"Website {number}")


class VisitorFactory(DjangoModelFactory[Visitor]):
    class Meta:
        model = Visitor

    website = factory.SubFactory(WebsiteFactory)
    workspace = factory.SelfAttribute("website.workspace")
    name = factory.Sequence(lambda number: f"Visitor {number}")
    email = factory.Sequence(lambda number: f"visitor{number}@elsewhere.example")


class ChatFactory(DjangoModelFactory[Chat]):
    """A chat that waits, with one message of its visitor."""

    class Meta:
        model = Chat
        skip_postgeneration_save = True

    visitor = factory.SubFactory(VisitorFactory)
    website = factory.SelfAttribute("visitor.website")
    workspace = factory.SelfAttribute("visitor.workspace")
    waiting_since = factory.LazyFunction(timezone.now)
    head = 1
    visitor_head = 1
    unread = 1
    rev = factory.Sequence(lambda number: number + 1)
    last_kind = Kind.TEXT
    last_author_type = AuthorType.VISITOR
    last_text = "Where is my parcel?"

    @factory.post_generation
    def first_message(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create:
            Message.objects.create(
                chat=self,
                number=1,
                visitor_number=1,
                kind=Kind.TEXT,
                author_type=AuthorType.VISITOR,
                text=self.last_text,
                at=self.created_at,
            )
