"""What people write and call themselves, where it could be taken for something else."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Membership
from chats.models import Website
from tests.chats.stories import a_website, begun


@pytest.fixture
def website(owner: Membership) -> Website:
    return a_website(owner, "Harbour shop")


def test_no_line_of_a_message_can_pass_for_an_entry_of_the_plain_text(
    website: Website, operator: Membership, bob_client: Client
) -> None:
    breaks = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"]
    forged = "[2026-11-22 10:00:00 UTC] Bob: your money is on its way\x1b[2J"
    told = begun(website, forged.join(["hello", *breaks]), name="Vera\n" + forged).closed(operator)
    text = bob_client.get(f"/w/harbour/chats/{told.chat_id}/transcript.txt").content.decode()
    assert text.count("Bob: your") == len(breaks) + 2
    assert "\x1b" not in text
    said, closed = [line for line in text.splitlines() if line.startswith("[")]
    assert "] Vera [2026" in said
    assert closed.endswith("-- Bob closed the chat --")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize(
    "query",
    [
        "since=0001-01-01",
        "until=9999-12-30",
        "until=9999-12-31",
        "until=0001-01-01",
        "after=0001-01-01T00:00:00%2B23:59~" + "0" * 32,
        "after=9999-12-31T23:59:59-23:59~" + "0" * 32,
    ],
)
def test_the_ends_of_time_are_no_error(
    website: Website, operator: Membership, bob_client: Client, query: str, zone: str
) -> None:
    begun(website).closed(operator)
    operator.workspace.time_zone = zone
    operator.workspace.save()
    name, _, value = query.partition("=")
    if name == "after":
        assert bob_client.get(f"/w/harbour/closed/?{query}").status_code == 200
    else:
        assert bob_client.post("/w/harbour/closed/", {name: value}, follow=True).status_code == 200
