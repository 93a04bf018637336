"""The inbox page: what it lists, for whom, and what it costs."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Availability, Membership
from chats.domain import names
from chats.models import Website
from tests.chats.stories import a_website, begun

INBOX = "/w/harbour/"
MOST_QUERIES = 12


@pytest.fixture
def website(owner: Membership) -> Website:
    return a_website(owner, "Harbour shop")


def test_waiting_chats_come_first_the_longest_waiting_on_top(website: Website, bob_client: Client) -> None:
    now = timezone.now()
    begun(website, "second", at=now - dt.timedelta(seconds=50))
    begun(website, "first", at=now - dt.timedelta(minutes=5))
    page = bob_client.get(INBOX).content.decode()
    assert page.index("first") < page.index("second")


def test_a_waiting_time_warns_after_40_seconds_and_alarms_after_2_minutes(website: Website, bob_client: Client) -> None:
    now = timezone.now()
    for seconds in (5, 60, 300):
        begun(website, f"{seconds} s", at=now - dt.timedelta(seconds=seconds))
    page = bob_client.get(INBOX).content.decode()
    levels = [part.split('"')[0] for part in page.split("</template>")[0].split('data-level="')[1:]]
    assert levels[:3] == ["danger", "warning", "calm"]


def test_rows_stand_where_the_tabs_look_for_them(
    website: Website, operator: Membership, admin: Membership, bob_client: Client
) -> None:
    begun(website, name="Wanda")
    begun(website, name="Mona").answered(operator, "Good day")
    begun(website, name="Cole").answered(admin, "Good day")
    response = bob_client.get(INBOX + "?tab=waiting")
    found = {section.key: [row["visitor"]["name"] for row in section.rows] for section in response.context["sections"]}
    assert found == {"waiting": ["Wanda"], "mine": ["Mona"], "colleagues": ["Cole"]}
    assert response.context["tab"] == "waiting"
    assert [tab["count"] for tab in response.context["tabs"]] == [1, 1, 3]


def test_a_row_says_who_spoke_last(
    website: Website, operator: Membership, admin: Membership, bob_client: Client
) -> None:
    begun(website, "just me")
    begun(website).answered(operator, "mine")
    begun(website).answered(admin, "hers")
    begun(website).noted(admin, "between us")
    rows = [row for section in bob_client.get(INBOX).context["sections"] for row in section.rows]
    assert {row["words"] for row in rows} == {"just me", "You: mine", "Carol: hers", "Note: between us"}


def test_an_unknown_tab_is_all_of_them(website: Website, bob_client: Client) -> None:
    assert bob_client.get(INBOX + "?tab=%27%3E").context["tab"] == "all"


def test_what_a_visitor_wrote_is_text_and_never_markup(website: Website, bob_client: Client) -> None:
    begun(website, "<script>alert(1)</script>", name="<img src=x>")
    page = bob_client.get(INBOX).content.decode()
    assert "<script>alert(1)" not in page
    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;" in page


def test_a_chat_of_another_workspace_is_nowhere_in_it(website: Website, mallory_client: Client) -> None:
    begun(website, "a secret of the harbour", name="Vera")
    page = mallory_client.get("/w/hill/").content.decode()
    assert "secret" not in page
    assert "Vera" not in page


def test_strangers_and_the_removed_see_no_inbox(
    website: Website, mallory_client: Client, dave_client: Client, anonymous_client: Client
) -> None:
    assert mallory_client.get(INBOX).status_code == 404
    assert dave_client.get(INBOX).status_code == 404
    assert anonymous_client.get(INBOX).status_code == 302


def test_the_inbox_is_not_kept_by_caches(website: Website, bob_client: Client) -> None:
    assert "no-store" in bob_client.get(INBOX)["Cache-Control"]


def test_no_script_and_no_style_stands_in_the_page(website: Website, bob_client: Client) -> None:
    chat = begun(website).chat
    page = bob_client.get(f"{INBOX}chats/{chat.pk}/").content.decode()
    assert " style=" not in page
    assert " onclick=" not in page
    for script in page.split("<script")[1:]:
        opening, _, rest = script.partition(">")
        assert "application/json" in opening or rest.startswith("</script>")


@pytest.mark.parametrize("chats", [0, 60])
def test_the_inbox_asks_at_most_12_queries_whatever_the_number_of_chats(
    website: Website,
    operator: Membership,
    admin: Membership,
    bob_client: Client,
    chats: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(chats):
        story = begun(website, f"Hello {number}", name=f"Visitor {number}")
        if number % 3 == 1:
            story.answered(operator, "Good day")
        elif number % 3 == 2:
            story.answered(admin, "Good day")
    bob_client.get(INBOX)
    _forget()
    with django_assert_max_num_queries(MOST_QUERIES):
        bob_client.get(INBOX)


def test_a_chats_page_asks_no_more_than_the_inbox_may(
    website: Website,
    operator: Membership,
    bob_client: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    story = begun(website)
    for number in range(30):
        story.says(f"Message {number}").answered(operator, f"Answer {number}")
    address = f"{INBOX}chats/{story.chat_id}/"
    bob_client.get(address)
    _forget()
    with django_assert_max_num_queries(MOST_QUERIES):
        bob_client.get(address)
    _forget()
    with django_assert_max_num_queries(MOST_QUERIES - 4):
        bob_client.get(address + "?panes")


def _forget() -> None:
    """What the process or the cache remembers must not make the count look better than a first visit's."""
    names.forget()
    cache.clear()


def test_the_own_status_is_set_by_form(website: Website, operator: Membership, bob_client: Client) -> None:
    response = bob_client.post(
        INBOX + "status/", {"availability": "away"}, headers={"referer": "http://testserver/w/harbour/closed/"}
    )
    operator.refresh_from_db()
    assert operator.availability == Availability.AWAY
    assert response["Location"] == "/w/harbour/closed/"


def test_a_foreign_referrer_leads_nobody_away(website: Website, bob_client: Client) -> None:
    response = bob_client.post(
        INBOX + "status/", {"availability": "online"}, headers={"referer": "https://evil.example/"}
    )
    assert response["Location"] == INBOX


def test_a_status_that_does_not_exist_changes_nothing(operator: Membership, bob_client: Client) -> None:
    assert bob_client.post(INBOX + "status/", {"availability": "king"}).status_code == 400
    operator.refresh_from_db()
    assert operator.availability == Availability.ONLINE
