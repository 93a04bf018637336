"""The operator's socket: the inbox by revision, watched chats by number, and the end of the right to either."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.domain.members import remove_member, set_availability
from accounts.models import Membership, User
from accounts.signals import revoke_access
from chats.domain import entries as e
from chats.domain import inbox
from chats.live.core import core
from chats.models import Chat, Message
from tests.chats.live.lines import Line, OperatorLine, VisitorLine, db, live, store, store_elsewhere, until
from tests.chats.talk import Guest, new_cid, note, open_chat, reply, told

pytestmark = pytest.mark.django_db(transaction=True)


def revs(line: Line, chat: uuid.UUID) -> list[int]:
    """The revisions of the rows of one chat, in the order in which they came."""
    rows = [row for frame in line.frames if frame["type"] == "chats" for row in frame["rows"]]
    return [row["rev"] for row in rows if row["id"] == str(chat)]


# Coming in


def test_nobody_gets_in_without_a_session_or_into_another_workspace(
    bob_client: Client, mallory_client: Client, dave_client: Client, hill_chat: uuid.UUID
) -> None:
    async def story() -> None:
        for client, slug, code in (
            (Client(), "harbour", 4401),
            (mallory_client, "harbour", 4404),
            (dave_client, "harbour", 4404),
            (bob_client, "hill", 4404),
            (bob_client, "nowhere", 4404),
        ):
            async with OperatorLine(client, slug) as line:
                assert await line.ends() == code
                assert line.frames == []
        async with OperatorLine(bob_client, origin="https://evil.example") as line:
            assert (line.accepted, line.code) == (False, 4403)

    live(story)


def test_hello_brings_the_open_chats_oldest_waiting_first_and_nothing_of_another_workspace(
    vera: Guest, victor: Guest, bob_client: Client, cast: Any, hill_chat: uuid.UUID
) -> None:
    first, second, me = open_chat(vera), open_chat(victor), cast.member(cast.bob)

    async def story() -> None:
        async with OperatorLine(bob_client) as line:
            welcome = await line.hello(ref="h")
            assert [row["id"] for row in welcome["chats"]] == [str(first), str(second)]
            assert welcome["rev"] == 2
            assert "more" not in welcome
            assert welcome["me"]["id"] == str(me.pk)
            assert (welcome["me"]["state"], welcome["me"]["reason"]) == ("online", "connected")
            assert [member["name"] for member in welcome["members"]] == ["Alice", "Carol", "Bob", "Erin"]
            assert [site["name"] for site in welcome["websites"]] == ["Harbour shop"]
            assert "secret" not in json.dumps(line.frames)
            assert str(hill_chat) not in json.dumps(line.frames)

    live(story)


def test_hello_with_a_revision_brings_only_newer_rows_closed_ones_included(
    vera: Guest, victor: Guest, bob_client: Client, bob_acts: e.Member
) -> None:
    first, second = open_chat(vera), open_chat(victor)

    async def story() -> None:
        async with OperatorLine(bob_client) as line:
            rev = (await line.hello())["rev"]
        await store(e.Close(second, bob_acts))
        async with OperatorLine(bob_client) as back:
            welcome = await back.hello(rev=rev)
            assert [(row["id"], row["state"]) for row in welcome["chats"]] == [(str(second), "closed")]
            assert welcome["rev"] == rev + 1
        async with OperatorLine(bob_client) as ahead:
            assert [row["id"] for row in (await ahead.hello(rev=999))["chats"]] == [str(first)]

    live(story)


def test_more_open_chats_than_fit_are_said_to_be_more(
    vera: Guest, victor: Guest, bob_client: Client, settings: Any
) -> None:
    settings.LIVE_ROWS = 1
    open_chat(vera)
    open_chat(victor)

    async def story() -> None:
        async with OperatorLine(bob_client) as line:
            welcome = await line.hello()
            assert (len(welcome["chats"]), welcome["more"]) == (1, True)

    live(story)


def test_many_changed_rows_come_in_parts_without_a_gap(bob_client: Client, shop: Any, settings: Any) -> None:
    settings.LIVE_ROWS = 3
    chats = [open_chat(Guest(shop)) for _ in range(10)]

    async def story() -> None:
        async with OperatorLine(bob_client) as line:
            welcome = await line.hello(rev=0)

            def shown() -> list[Any]:
                return welcome["chats"] + [row for f in line.frames if f["type"] == "chats" for row in f["rows"]]

            await until(lambda: len(shown()) >= 10)
            await line.quiet()
            rows = shown()
            assert core().hub.feed(shop.workspace_id).known == 10
            assert [row["rev"] for row in rows] == list(range(1, 11))
            assert {row["id"] for row in rows} == {str(chat) for chat in chats}

    live(story)


def test_the_twenty_first_socket_of_a_member_is_refused(
    bob_client: Client, carol_client: Client, settings: Any
) -> None:
    settings.LIVE_OPERATOR_SOCKETS = 1

    async def story() -> None:
        async with (
            OperatorLine(bob_client) as one,
            OperatorLine(bob_client) as two,
            OperatorLine(carol_client) as other,
        ):
            await one.hello()
            await two.say("hello", v=1)
            assert (await two.hear("error"))["code"] == "limit_reached"
            assert await two.ends() == 4429
            await other.hello()

    live(story)


# Watching


def test_a_watch_is_always_answered_and_only_watched_chats_bring_entries(
    vera: Guest, victor: Guest, bob_client: Client
) -> None:
    watched, other = open_chat(vera), open_chat(victor)

    async def story() -> None:
        async with OperatorLine(bob_client) as line:
            await line.hello()
            assert [entry["n"] for entry in (await line.watch(str(watched)))["events"]] == [1]
            assert (await line.watch(str(watched), 1))["events"] == []
            await store(vera.send("Watched"), victor.send("Not watched"))
            await line.quiet()
            assert (line.numbers(str(watched)), line.numbers(str(other))) == ([1, 2], [])
            await line.say("unwatch", chat=str(watched))
            await store(vera.send("Not any more"))
            await line.quiet()
            assert line.numbers() == [1, 2]

    live(story)


def test_a_foreign_chat_is_not_found_exactly_like_a_random_one(
    vera: Guest, bob_client: Client, hill_chat: uuid.UUID, hugo: Guest
) -> None:
    async def answers(line: OperatorLine, chat: str) -> list[dict[str, Any]]:
        asked: list[tuple[str, dict[str, Any]]] = [
            ("watch", {"after": 0}),
            ("accept", {}),
            ("send", {"cid": "01890a5d-ac96-774b-bcce-b302099a8057", "text": "Hi"}),
            ("note", {"cid": "01890a5d-ac96-774b-bcce-b302099a8057", "text": "Hi"}),
            ("close", {}),
            ("typing", {"on": True}),
            ("read", {"n": 1}),
        ]
        heard = []
        for kind, fields in asked:
            await line.say(kind, chat=chat, ref="r", **fields)
            heard.append(await line.hear("error"))
        return heard

    async def story() -> None:
        async with OperatorLine(bob_client) as line:
            await line.hello(after={str(hill_chat): 0})
            assert (await line.hear("error"))["code"] == "not_found"
            foreign = await answers(line, str(hill_chat))
            assert foreign == await answers(line, str(uuid.uuid4())) == await answers(line, "no id at all")
            assert {frame["code"] for frame in foreign} == {"not_found"}
            await store(hugo.send("Another secret"))
            await line.quiet()
            assert "secret" not in json.dumps(line.frames)
            assert line.numbers() == []

    live(story)
    assert Message.objects.filter(chat_id=hill_chat).count() == 2


def test_hello_goes_on_where_each_watched_chat_was_left(
    vera: Guest, victor: Guest, bob_client: Client, bob_acts: e.Member
) -> None:
    first, second = open_chat(vera), open_chat(victor)
    told(note(first, bob_acts))
    told(reply(second, bob_acts))

    async def story() -> None:
        async with OperatorLine(bob_client) as line:
            await line.hello(after={str(first): 1, str(second): 3})
            await line.quiet()
            assert (line.numbers(str(first)), line.numbers(str(second))) == ([2], [])
            await store(victor.send())
            await line.quiet()
            assert line.numbers(str(second)) == [4]

    live(story)


def test_a_watcher_ahead_of_the_stream_or_far_behind_begins_anew(
    vera: Guest, bob_client: Client, settings: Any
) -> None:
    settings.LIVE_CATCH_UP_LIMIT, settings.LIVE_PAGE = 10, 4
    chat = open_chat(vera)
    for number in range(15):
        told(vera.send(str(number)))

    async def story() -> None:
        async with OperatorLine(bob_client) as ahead, OperatorLine(bob_client) as behind:
            await ahead.hello(after={str(chat): 99})
            assert (await ahead.hear("reset"))["after"] == 12
            await behind.hello(after={str(chat): 5})
            assert (await behind.hear("reset"))["after"] == 12
            for line in (ahead, behind):
                await line.quiet()
                assert line.numbers() == [13, 14, 15, 16]

    live(story)


# Acting


def test_accepting_is_answered_by_the_row_with_the_ref_and_a_colleague_hears_taken(
    vera: Guest, bob_client: Client, carol_client: Client
) -> None:
    chat = str(open_chat(vera))

    async def story() -> None:
        async with OperatorLine(bob_client) as bob, OperatorLine(carol_client) as carol:
            await bob.hello()
            await carol.hello()
            await bob.say("accept", chat=chat, ref="mine")
            answer = await bob.hear("chats", ref="mine")
            assert [(row["id"], row["state"], row["operator"]["name"]) for row in answer["rows"]] == [
                (chat, "active", "Bob")
            ]
            told_too = await carol.hear("chats")
            assert told_too["rows"][0]["operator"]["name"] == "Bob"
            await carol.say("accept", chat=chat, ref="late")
            assert await carol.hear("error") == {"type": "error", "code": "taken", "ref": "late"}
            await bob.say("accept", chat=chat, ref="again")
            await bob.hear("chats", ref="again")
            await bob.say("close", chat=chat, ref="done")
            assert (await bob.hear("chats", ref="done"))["rows"][0]["state"] == "closed"

    live(story)


def test_the_answer_to_an_accept_promises_no_row_that_was_not_sent(
    vera: Guest, victor: Guest, bob_client: Client, settings: Any
) -> None:
    settings.LIVE_ROW_INTERVAL = 30
    first, second = open_chat(vera), open_chat(victor)

    async def story() -> None:
        async with OperatorLine(bob_client) as line:
            held = (await line.hello())["rev"]
            await store(vera.send("Shown at once, as the first in a while"))
            await line.hear("chats")
            await store(vera.send("Collected"))
            await line.hears_nothing("chats", 0.1)
            await line.say("accept", chat=str(second), ref="a")
            answer = await line.hear("chats", ref="a")
            assert answer["rev"] == held + 3
            assert revs(line, first) == [held + 1, held + 2]

    live(story)


def test_a_repeated_cid_and_notes_are_numbered_for_operators_only(vera: Guest, bob_client: Client) -> None:
    chat = str(open_chat(vera))

    async def story() -> None:
        async with OperatorLine(bob_client) as line, VisitorLine(vera) as visitor:
            await line.hello(after={chat: 0})
            await visitor.hello()
            cid = new_cid()
            for _ in range(2):
                await line.say("note", chat=chat, cid=cid, text="For us", ref="n")
                assert (await line.hear("sent", cid=cid))["n"] == 2
            await line.say("note", chat=chat, cid=cid, text="For all?")
            assert (await line.hear("error"))["code"] == "conflict"
            # A ping may be answered while the first entries are still being read.
            await until(lambda: (line.numbers(), visitor.numbers()) == ([1, 2], [1]))
            await line.quiet()
            await visitor.quiet()
            assert (line.numbers(), visitor.numbers()) == ([1, 2], [1])
            assert "For us" not in json.dumps(visitor.frames)

    live(story)


def test_a_member_may_do_only_what_the_role_allows(
    vera: Guest, bob_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = str(open_chat(vera))
    monkeypatch.setattr("chats.live.operator.may", lambda membership, permission: False)

    async def story() -> None:
        async with OperatorLine(bob_client) as line:
            await line.hello(after={chat: 0})
            for kind in ("accept", "close"):
                await line.say(kind, chat=chat)
                assert (await line.hear("error"))["code"] == "forbidden"
            for kind in ("send", "note"):
                await line.say(kind, chat=chat, cid=new_cid(), text="Hi")
                assert (await line.hear("error"))["code"] == "forbidden"

    live(story)
    assert Message.objects.count() == 1


# What the numbers heal


def test_the_sweep_finds_rows_and_entries_of_another_process(vera: Guest, victor: Guest, bob_client: Client) -> None:
    chat = open_chat(vera)

    async def story() -> None:
        async with OperatorLine(bob_client) as line:
            held = (await line.hello(after={str(chat): 1}))["rev"]
            await store_elsewhere(vera.send("From elsewhere"))
            await store_elsewhere(victor.start("From elsewhere too"))
            await line.hears_nothing("chats")
            await core().sweeper.sweep()
            frame = await line.hear("chats")
            assert (frame["rev"], [row["rev"] for row in frame["rows"]]) == (held + 2, [held + 1, held + 2])
            await until(lambda: line.numbers() == [2])

    live(story)


def test_a_gap_in_the_revisions_asks_for_the_missing_rows(vera: Guest, victor: Guest, bob_client: Client) -> None:
    first = open_chat(vera)
    second = open_chat(victor)

    async def story() -> None:
        async with OperatorLine(bob_client) as line:
            held = (await line.hello())["rev"]
            await store_elsewhere(vera.send("Lost on the way"))
            await store(victor.close())
            assert (await line.hear("chats"))["rev"] == held
            await until(lambda: revs(line, first) == [held + 1])
            assert max(frame["rev"] for frame in line.frames if frame["type"] == "chats") == held + 2
            assert revs(line, second)[0] == held + 2

    live(story)


def test_a_ping_brings_what_the_client_lacks_of_entries_and_rows(vera: Guest, bob_client: Client) -> None:
    chat = open_chat(vera)
    told(vera.send("2"))

    async def story() -> None:
        async with OperatorLine(bob_client) as line:
            rev = (await line.hello(after={str(chat): 0}))["rev"]
            await line.quiet()
            await line.say("ping", rev=rev - 1, after={str(chat): 1, str(uuid.uuid4()): 5}, ref="p")
            pong = await line.hear("pong", ref="p")
            assert (pong["heads"], pong["rev"]) == ({str(chat): 2}, rev)
            assert (await line.hear("chats"))["rows"][0]["rev"] == rev
            await until(lambda: line.numbers() == [1, 2, 2])

    live(story)


def test_every_row_and_entry_arrives_while_operators_come_and_chats_begin(shop: Any, bob_client: Client) -> None:
    chats: list[uuid.UUID] = []

    async def talk() -> None:
        for number in range(25):
            guest = Guest(shop)
            answers = await store(guest.start(str(number)), guest.send("more"))
            chats.extend(answer.chat_id for answer in answers[:1] if isinstance(answer, e.Sent))

    async def story() -> None:
        talking = asyncio.create_task(talk())
        lines = []
        for _ in range(5):
            line = OperatorLine(bob_client)
            await line.__aenter__()
            welcome = await line.hello()
            lines.append((line, welcome))
            await asyncio.sleep(0.02)
        await talking
        rev = await db(inbox.rev, shop.workspace_id)
        for line, welcome in lines:
            newest: dict[str, int] = {}

            def complete(line: OperatorLine = line, welcome: Any = welcome, newest: dict[str, int] = newest) -> bool:
                shown = [welcome, *(frame for frame in line.frames if frame["type"] == "chats")]
                for frame in shown:
                    for row in frame.get("chats") or frame.get("rows") or ():
                        newest[row["id"]] = max(row["rev"], newest.get(row["id"], 0))
                return bool(max(frame["rev"] for frame in shown) == rev)

            await until(complete)
            stored = await db(lambda: {str(pk): number for pk, number in Chat.objects.values_list("pk", "rev")})
            assert newest == stored
            await line.leave()

    live(story)


# The end of the right


def test_a_removed_member_hears_nothing_more(vera: Guest, cast: Any, bob_client: Client, carol_client: Client) -> None:
    chat = open_chat(vera)

    async def story() -> None:
        async with OperatorLine(bob_client) as removed, OperatorLine(carol_client) as colleague:
            await removed.hello(after={str(chat): 0})
            await colleague.hello(after={str(chat): 0})
            await removed.quiet()
            await db(lambda: remove_member(membership=cast.member(cast.bob), actor=cast.member(cast.alice)))
            assert await removed.ends() == 4403
            heard = len(removed.frames)
            await store(vera.send("After the end"))
            await colleague.quiet()
            assert "After the end" in colleague.texts()
            assert len(removed.frames) == heard

    live(story)


@pytest.mark.parametrize("how", ["member", "user", "session", "workspace"])
def test_a_revocation_closes_the_right_sockets_with_its_code(
    how: str, cast: Any, bob_client: Client, carol_client: Client, mallory_client: Client
) -> None:
    session_key = bob_client.cookies["session"].value
    what: dict[str, tuple[dict[str, Any], int]] = {
        "member": ({"membership_id": cast.member(cast.bob).pk}, 4403),
        "user": ({"user_id": cast.bob.pk}, 4401),
        "session": ({"session_key": session_key}, 4401),
        "workspace": ({"workspace_id": cast.harbour.pk}, 4404),
    }
    revoked, code = what[how]

    async def story() -> None:
        async with (
            OperatorLine(bob_client) as bob,
            OperatorLine(carol_client) as carol,
            OperatorLine(mallory_client, "hill") as hill,
        ):
            for line in (bob, carol, hill):
                await line.hello()
            await db(revoke_access, **revoked)
            assert await bob.ends() == code
            if how == "workspace":
                assert await carol.ends() == code
            else:
                await carol.quiet()
            await hill.quiet()

    live(story)


@pytest.mark.parametrize("how", ["session", "password", "member", "user"])
def test_the_sweep_closes_whoever_lost_the_right_without_a_word(
    how: str, cast: Any, bob_client: Client, carol_client: Client
) -> None:
    def quietly() -> int:
        if how == "session":
            Session.objects.filter(pk=bob_client.cookies["session"].value).delete()
            return 4401
        if how == "password":
            user = User.objects.get(pk=cast.bob.pk)
            user.set_password("another quiet harbour")
            user.save()
            return 4401
        if how == "member":
            Membership.objects.filter(pk=cast.member(cast.bob).pk).update(removed_at="2026-01-01T00:00:00Z")
        else:
            User.objects.filter(pk=cast.bob.pk).update(is_active=False)
        return 4403

    async def story() -> None:
        async with OperatorLine(bob_client) as bob, OperatorLine(carol_client) as carol:
            await bob.hello()
            await carol.hello()
            code = await db(quietly)
            await core().sweeper.sweep()
            assert await bob.ends() == code
            await carol.quiet()

    live(story)


# Presence and typing


def test_visitors_see_the_team_come_go_away_and_hide(vera: Guest, hugo: Guest, bob_client: Client) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as visitor, VisitorLine(hugo) as far:
            assert (await visitor.hello())["online"] is False
            await far.hello()
            async with OperatorLine(bob_client) as operator:
                await operator.hello()
                await visitor.hear("presence", online=True)
                for state, online in (("away", False), ("online", True), ("invisible", False)):
                    await operator.say("status", state=state)
                    await visitor.hear("presence", online=online)
            await far.quiet()
            assert "presence" not in {frame["type"] for frame in far.frames}

    live(story)


def test_who_is_invisible_looks_offline_to_colleagues_and_not_to_themselves(
    bob_client: Client, carol_client: Client, cast: Any
) -> None:
    bob = str(cast.member(cast.bob).pk)

    async def story() -> None:
        async with OperatorLine(bob_client) as hiding, OperatorLine(carol_client) as colleague:
            await hiding.hello()
            await colleague.hello()
            await hiding.say("status", state="away")
            assert (await colleague.hear("presence", member=bob, state="away"))["reason"] == "chosen"
            await hiding.say("status", state="invisible")
            await hiding.hear("presence", member=bob, state="invisible")
            hidden = await colleague.hear("presence", member=bob, state="offline")
            assert (hidden["since"], hidden["reason"]) == (None, "not_connected")
            assert "invisible" not in json.dumps(colleague.frames)

    live(story)


def test_a_status_that_was_chosen_by_form_reaches_the_sockets(
    vera: Guest, bob_client: Client, operator: Membership
) -> None:
    async def story() -> None:
        async with VisitorLine(vera) as visitor, OperatorLine(bob_client) as line:
            await line.hello()
            assert (await visitor.hello())["online"] is True
            await db(set_availability, membership=operator, availability="away")
            await visitor.hear("presence", online=False)
            await line.hear("presence", state="away", reason="chosen")

    live(story)


def test_typing_is_shown_to_the_others_and_ends_by_itself(
    vera: Guest, bob_client: Client, carol_client: Client, settings: Any
) -> None:
    settings.LIVE_TYPING_SECONDS = 0.2
    chat = str(open_chat(vera))

    async def story() -> None:
        async with (
            VisitorLine(vera) as visitor,
            OperatorLine(bob_client) as bob,
            OperatorLine(carol_client) as carol,
        ):
            await visitor.hello()
            await bob.hello(after={chat: 0})
            await carol.hello(after={chat: 0})
            await bob.say("typing", chat=chat, on=True)
            shown = await visitor.hear("typing", on=True)
            assert shown["author"] == {"type": "operator", "name": "Bob"}
            await carol.hear("typing", on=True)
            await visitor.hear("typing", on=False)
            await carol.hear("typing", on=False)
            assert "typing" not in {frame["type"] for frame in bob.frames}
            await visitor.say("typing", on=True, text="A secret draft")
            assert "text" not in await bob.hear("typing", on=True, author={"type": "visitor"})
            assert "typing" not in {frame["type"] for frame in visitor._left}

    live(story)


def test_typing_is_passed_on_once_in_two_seconds_however_often_it_is_said(vera: Guest, bob_client: Client) -> None:
    chat = str(open_chat(vera))

    async def story() -> None:
        async with VisitorLine(vera) as visitor, OperatorLine(bob_client) as operator:
            await visitor.hello()
            await operator.hello(after={chat: 0})
            for _ in range(10):
                await operator.say("typing", chat=chat, on=True)
                await operator.say("typing", chat=chat, on=False)
            await operator.quiet()
            await visitor.quiet()
            assert [frame["on"] for frame in visitor.frames if frame["type"] == "typing"] == [True, False]

    live(story)


def test_what_was_read_is_told_with_whoever_read_it(vera: Guest, bob_client: Client, carol_client: Client) -> None:
    chat = open_chat(vera)

    async def story() -> None:
        async with OperatorLine(bob_client) as bob, OperatorLine(carol_client) as carol:
            await bob.hello(after={str(chat): 0})
            await carol.hello(after={str(chat): 0})
            await bob.say("read", chat=str(chat), n=1)
            heard = await carol.hear("read")
            assert (heard["chat"], heard["n"], heard["author"]["name"]) == (str(chat), 1, "Bob")
            row = (await carol.hear("chats"))["rows"][0]
            assert (row["id"], row["unread"]) == (str(chat), 0)

    live(story)


def test_a_renamed_website_is_shown_by_the_directory(shop: Any, bob_client: Client) -> None:
    async def story() -> None:
        async with OperatorLine(bob_client) as line:
            await line.hello()
            await db(type(shop).objects.filter(pk=shop.pk).update, name="The new shop")
            for _ in range(4):
                await core().sweeper.sweep()
            assert [site["name"] for site in (await line.hear("directory"))["websites"]] == ["The new shop"]

    live(story)
