"""The demo: one workspace with three people, a website and a few chats, made by the verbs that everybody uses.

`make_demo` may run any number of times: what is there stays, what is missing is made.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.domain import members, users, workspaces
from accounts.models import Membership, Role, Theme, User, Workspace
from chats.domain import chats, entries
from chats.domain.messages import append_messages
from chats.domain.websites import create_website
from chats.models import Chat, Website

SLUG = "demo"
PASSWORD = "chatsite-demo"  # noqa: S105 - printed on purpose; the command refuses to run in production
PEOPLE = (
    ("owner@demo.example", "Alice", Role.OWNER),
    ("admin@demo.example", "Carol", Role.ADMIN),
    ("operator@demo.example", "Bob", Role.OPERATOR),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said: by the visitor, as a reply, or as a note; so many minutes before now."""

    who: str
    minutes_ago: float
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """A chat of the demo. `holder` is who answers (an index of `PEOPLE`), `ends` whether it is closed by now."""

    key: str
    name: str
    email: str
    page: str
    lines: tuple[Line, ...]
    holder: int = 2
    ends: bool = False
    somebody_here: bool = True


STORIES = (
    Story(
        key="returned-kettle",
        name="Erin",
        email="erin@example.com",
        page="/pricing",
        ends=True,
        lines=(
            Line("visitor", 1_490, "Hello, can I return a kettle that I have already used once?"),
            Line("reply", 1_489, "Hello Erin, yes: within 30 days, used or not. Do you have the order number at hand?"),
            Line("visitor", 1_487, "It is 20418."),
            Line("note", 1_486.5, "Order 20418 was sent on the 3rd, so it is well within the 30 days."),
            Line("reply", 1_486, "Thank you. I have sent you the return label by e-mail; the money is back in 5 days."),
            Line("visitor", 1_485, "That was quick. Thank you!"),
        ),
    ),
    Story(
        key="night-question",
        name="Dave",
        email="dave@example.com",
        page="/",
        somebody_here=False,
        lines=(
            Line("visitor", 640, "Good evening. Is the large kettle safe for induction hobs?"),
            Line("visitor", 639, "You can answer by e-mail, I am in no hurry."),
        ),
    ),
    Story(
        key="delivery-time",
        name="Sam",
        email="sam@example.com",
        page="/pricing",
        lines=(
            Line("visitor", 9, "Hi! I would like two large kettles. How long does delivery to the islands take?"),
            Line("reply", 8.4, "Hello Sam, usually four working days. Which postcode is it?"),
            Line("visitor", 8, "KW17"),
            Line("note", 7.6, "Ferry on Tuesdays and Fridays only; the depot knows the order numbers for KW17."),
            Line("reply", 7, "Then it goes with the ferry on Friday and is with you on Monday. Is that soon enough?"),
            Line("visitor", 1.5, "Monday is fine. Can I pay by invoice?"),
        ),
    ),
    Story(
        key="other-lid",
        name="Mallory",
        email="",
        page="/",
        holder=1,
        lines=(
            Line("visitor", 14, "My lid rattles although you say it does not."),
            Line("reply", 12, "I am sorry to hear that. I send you the newer lid today, at no cost."),
        ),
    ),
    Story(
        key="first-question",
        name="",
        email="",
        page="/pricing",
        lines=(Line("visitor", 1.2, "Does the price include the spare filter?"),),
    ),
)


def make_demo(*, now: datetime | None = None) -> Website:
    """The demo workspace's website, with everything around it."""
    people = [_user(email=email, name=name) for email, name, _ in PEOPLE]
    workspace = _workspace(people[0])
    memberships = [_membership(workspace, user, role) for user, (_, _, role) in zip(people, PEOPLE, strict=True)]
    website = Website.objects.for_workspace(workspace).order_by("pk").first()
    if website is None:
        website = create_website(membership=memberships[0], name="Example shop")
    if not Chat.objects.filter(workspace=workspace).exists():
        for story in STORIES:
            _tell(story, website=website, memberships=memberships, now=now or timezone.now())
    return website


def description(website: Website) -> dict[str, object]:
    """What a script needs to use the demo; the keys are fixed."""
    slug = website.workspace.slug
    socket_url = "ws" + settings.SITE_URL.removeprefix("http")
    return {
        "workspace": slug,
        "website_key": website.key,
        "demo_page": f"http://127.0.0.1:{settings.DEMO_PORT}/",
        "console": f"{settings.SITE_URL}/w/{slug}/",
        "login": settings.SITE_URL + reverse("account_login"),
        "ws_visitor": f"{socket_url}/ws/visitor",
        "ws_operator": f"{socket_url}/ws/w/{slug}",
        "operators": [{"email": email, "password": PASSWORD} for email, _, _ in PEOPLE],
    }


def _user(*, email: str, name: str) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, PASSWORD)
        users.change_profile(user=user, name=name, theme=Theme.SYSTEM)
    elif not user.check_password(PASSWORD):
        users.change_password(user=user, password=PASSWORD)
    EmailAddress.objects.get_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user


def _workspace(owner: User) -> Workspace:
    workspace = Workspace.objects.filter(slug=SLUG).first()
    return workspace or workspaces.create_workspace(owner=owner, name="Demo").workspace


def _membership(workspace: Workspace, user: User, role: Role) -> Membership:
    membership = Membership.objects.filter(workspace=workspace, user=user, removed_at=None).first()
    return membership or members.add_member(workspace=workspace, user=user, role=role)


def _tell(story: Story, *, website: Website, memberships: list[Membership], now: datetime) -> None:
    """Stores a chat as if it had happened, entry by entry, each at its own time."""
    member = chats.acting(memberships[story.holder])
    visitor_id = _id(story.key)
    chat_id: uuid.UUID | None = None
    for number, line in enumerate(story.lines):
        cid = str(_id(f"{story.key}/{number}"))
        at = now - timedelta(minutes=line.minutes_ago)
        entry = _entry(story, line, cid=cid, website=website, visitor_id=visitor_id, chat_id=chat_id, member=member)
        (answer,) = append_messages([entry], now=at)
        if isinstance(answer, entries.Sent | entries.Done):
            chat_id = answer.chat_id
        if line.who == "reply" and isinstance(answer, entries.Sent):
            append_messages([entries.Read(answer.chat_id, member, answer.number)], now=at)
    if story.ends and chat_id is not None:
        last = now - timedelta(minutes=story.lines[-1].minutes_ago)
        read = entries.Read(chat_id, member, len(story.lines) + 1)
        append_messages([read, entries.Close(chat_id, member)], now=last + timedelta(minutes=1))


def _entry(
    story: Story,
    line: Line,
    *,
    cid: str,
    website: Website,
    visitor_id: uuid.UUID,
    chat_id: uuid.UUID | None,
    member: entries.Member,
) -> entries.Entry:
    if chat_id is None:
        return entries.Start(
            visitor_id=visitor_id,
            website_id=website.pk,
            workspace_id=website.workspace_id,
            cid=cid,
            text=line.text,
            person=entries.Person(name=story.name, email=story.email),
            origin=entries.Origin(
                url=f"http://127.0.0.1:{settings.DEMO_PORT}{story.page}",
                title="Example shop",
                browser="Firefox",
                system="Linux",
            ),
            somebody_here=story.somebody_here,
        )
    if line.who == "visitor":
        return entries.VisitorSend(visitor_id, website.pk, cid, line.text, chat_id, story.somebody_here)
    kind = entries.Note if line.who == "note" else entries.Reply
    return kind(chat_id, member, cid, line.text)


def _id(name: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"https://demo.example/{name}/{settings.SECRET_KEY}")
