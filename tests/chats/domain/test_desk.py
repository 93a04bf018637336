"""The first rows of the inbox and its counts."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from accounts.models import Membership
from chats.domain.desk import desk
from tests.chats.stories import a_website, begun


def test_ones_own_chats_come_first_then_the_longest_waiting(operator: Membership, admin: Membership) -> None:
    website = a_website(operator)
    now = timezone.now()
    begun(website, name="Cole", at=now - dt.timedelta(hours=3)).answered(admin, "Good day")
    begun(website, name="Late", at=now - dt.timedelta(minutes=1))
    begun(website, name="Early", at=now - dt.timedelta(minutes=9))
    begun(website, name="Mona", at=now - dt.timedelta(hours=2)).answered(operator, "Good day")
    begun(website, name="Gone").closed(operator)
    found = desk(membership=operator, limit=10)
    assert [row["visitor"]["name"] for row in found.rows] == ["Mona", "Early", "Late", "Cole"]
    assert (found.mine, found.waiting, found.all) == (1, 2, 4)


def test_counts_go_beyond_the_rows_that_are_drawn(operator: Membership) -> None:
    website = a_website(operator)
    for _ in range(5):
        begun(website)
    found = desk(membership=operator, limit=2)
    assert (len(found.rows), found.waiting, found.all) == (2, 5, 5)


def test_another_workspace_has_a_desk_of_its_own(operator: Membership, stranger: Membership) -> None:
    begun(a_website(operator), name="Vera")
    found = desk(membership=stranger, limit=10)
    assert (found.rows, found.mine, found.waiting, found.all) == ([], 0, 0, 0)
