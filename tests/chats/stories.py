"""Chats for tests, told through the verbs that everybody uses."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from accounts.models import Membership
from chats.domain import chats, entries
from chats.domain.messages import append_messages
from chats.domain.websites import create_website
from chats.models import Chat, Website


@dataclass
class Story:
    """One visitor's chat on `website`. `at` is when the next thing happens (None: now)."""

    website: Website
    visitor_id: uuid.UUID
    chat_id: uuid.UUID
    at: dt.datetime | None = None

    @property
    def chat(self) -> Chat:
        return Chat.objects.select_related("visitor", "website", "operator__user").get(pk=self.chat_id)

    def says(self, text: str) -> Story:
        entry = entries.VisitorSend(self.visitor_id, self.website.pk, str(uuid.uuid4()), text, self.chat_id)
        return self._happens(entry)

    def answered(self, member: Membership, text: str) -> Story:
        return self._happens(entries.Reply(self.chat_id, chats.acting(member), str(uuid.uuid4()), text))

    def noted(self, member: Membership, text: str) -> Story:
        return self._happens(entries.Note(self.chat_id, chats.acting(member), str(uuid.uuid4()), text))

    def closed(self, member: Membership) -> Story:
        return self._happens(entries.Close(self.chat_id, chats.acting(member)))

    def _happens(self, entry: entries.Entry) -> Story:
        (answer,) = append_messages([entry], now=self.at)
        assert isinstance(answer, entries.Sent | entries.Done), answer
        return self


def begun(
    website: Website,
    text: str = "Hello",
    *,
    name: str = "",
    email: str = "",
    at: dt.datetime | None = None,
    visitor_id: uuid.UUID | None = None,
) -> Story:
    """A visitor's first message on `website`."""
    person = visitor_id or uuid.uuid4()
    start = entries.Start(
        visitor_id=person,
        website_id=website.pk,
        workspace_id=website.workspace_id,
        cid=str(uuid.uuid4()),
        text=text,
        person=entries.Person(name=name, email=email),
        origin=entries.Origin(url="https://shop.example/pricing", title="Pricing", browser="Firefox", system="Linux"),
    )
    (answer,) = append_messages([start], now=at)
    assert isinstance(answer, entries.Sent), answer
    return Story(website, person, answer.chat_id, at)


def a_website(member: Membership, name: str = "Shop") -> Website:
    return create_website(membership=member, name=name)
