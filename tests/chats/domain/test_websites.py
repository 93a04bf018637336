"""Websites: what they may hold, what the public learns of them, and the first load of the widget."""

import datetime as dt
from typing import Any

import pytest

from accounts.models import AuditEntry, Membership
from chats.domain.websites import (
    MOST_ORIGINS,
    TEXTS,
    BadWebsite,
    change_website,
    create_website,
    public_settings,
    saw_install,
)
from chats.models import Website

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


@pytest.fixture
def website(owner: Membership) -> Website:
    return create_website(membership=owner, name="Shop")


def test_a_new_website_has_a_key_of_its_own_and_an_audit_entry(owner: Membership) -> None:
    one, other = (create_website(membership=owner, name=name) for name in ("Shop", "Blog"))
    assert one.key != other.key
    assert len(one.key) == 32
    assert one.workspace == owner.workspace
    assert AuditEntry.objects.filter(action="website.created", target=f"website:{one.pk}").count() == 1


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://shop.example", "https://shop.example"),
        (" HTTPS://Shop.Example:443/ ", "https://shop.example"),
        ("http://localhost:8241", "http://localhost:8241"),
        ("http://shop.example:80", "http://shop.example"),
        ("shop.example", "https://shop.example"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(owner: Membership, website: Website, written: str, kept: str) -> None:
    change_website(membership=owner, website=website, changes={"allowed_origins": [written, "", written]})
    website.refresh_from_db()
    assert website.allowed_origins == [kept]


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example/path",
        "https://shop.example?x",
        "https://shop.example; script-src *",
        "https://*.example",
        "https://user@shop.example",
        "https://a b.example",
        "ftp://shop.example",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://shop.example:99999",
        "https://[::1]",
        "null",
        "https://",
        "https://-shop.example",
    ],
)
def test_what_is_no_origin_is_refused_and_nothing_is_stored(owner: Membership, website: Website, origin: str) -> None:
    if origin == "null":
        origin = "null://null"
    with pytest.raises(BadWebsite) as caught:
        change_website(membership=owner, website=website, changes={"name": "Other", "allowed_origins": [origin]})
    assert set(caught.value.errors) == {"allowed_origins"}
    website.refresh_from_db()
    assert website.allowed_origins == []
    assert website.name == "Shop"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("name", "x" * 81),
        ("accent", "red; background: url(//evil)"),
        ("position", "middle"),
        ("texts", {"title": "x" * (TEXTS["title"] + 1)}),
        ("texts", {"script": "x"}),
        ("texts", {"privacy_url": "javascript:alert(1)"}),
        ("texts", {"privacy_url": "https://"}),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("hours", {"mon": [["10:00", "09:00"]]}),
        ("allowed_origins", [f"https://shop{number}.example" for number in range(MOST_ORIGINS + 1)]),
        ("missed_after", 9),
        ("missed_after", 3601),
        ("idle_close_after", 4),
        ("reopen_within", 721),
    ],
)
def test_bad_input_names_its_field(owner: Membership, website: Website, field: str, value: Any) -> None:
    with pytest.raises(BadWebsite) as caught:
        change_website(membership=owner, website=website, changes={field: value})  # type: ignore[misc]
    ((key, message),) = caught.value.errors.items()
    assert key.split(".")[0] == field
    assert str(message)


def test_everything_that_is_wrong_is_told_at_once(owner: Membership, website: Website) -> None:
    with pytest.raises(BadWebsite) as caught:
        change_website(membership=owner, website=website, changes={"name": "", "accent": "?", "missed_after": 0})
    assert set(caught.value.errors) == {"name", "accent", "missed_after"}


def test_the_audit_entry_names_the_changed_fields_and_not_their_content(owner: Membership, website: Website) -> None:
    change_website(membership=owner, website=website, changes={"name": "Secret name", "accent": website.accent})
    entry = AuditEntry.objects.get(action="website.changed")
    assert entry.facts == {"fields": "name"}


def test_saving_without_a_change_leaves_no_trace(owner: Membership, website: Website) -> None:
    change_website(membership=owner, website=website, changes={"name": "Shop"})
    assert not AuditEntry.objects.filter(action="website.changed").exists()


def test_the_public_learns_only_what_the_widget_shows(website: Website) -> None:
    assert set(public_settings(website, at=NOW, online=False)) == {
        "v",
        "title",
        "launcher",
        "fold",
        "unread",
        "accent",
        "on_accent",
        "position",
        "open",
        "online",
        "opens_at",
        "greeting",
        "away",
        "typing_preview",
        "notice",
    }


def test_a_closed_website_says_when_it_opens(owner: Membership, website: Website) -> None:
    change_website(
        membership=owner,
        website=website,
        changes={"hours": {"tue": [["09:00", "17:00"]]}, "time_zone": "Europe/Berlin"},
    )
    public = public_settings(website, at=NOW, online=False)
    assert (public["open"], public["opens_at"]) == (False, "2026-11-24T08:00:00Z")


def test_another_notice_has_another_version(owner: Membership, website: Website) -> None:
    before = public_settings(website, at=NOW, online=False)["notice"]
    change_website(membership=owner, website=website, changes={"texts": {"notice": "We keep chats for a month."}})
    after = public_settings(website, at=NOW, online=False)["notice"]
    assert after["text"] == "We keep chats for a month."
    assert before["version"] != after["version"]


def test_the_notice_tells_when_typing_is_shown(owner: Membership, website: Website) -> None:
    change_website(membership=owner, website=website, changes={"typing_preview": True})
    assert "before you send" in public_settings(website, at=NOW, online=False)["notice"]["text"]


def test_the_first_load_is_seen_and_then_once_an_hour(website: Website) -> None:
    assert saw_install(website=website, origin="https://shop.example", at=NOW)
    stale = Website.objects.get(pk=website.pk)
    assert not saw_install(website=stale, origin="https://shop.example", at=NOW + dt.timedelta(minutes=59))
    # The row that this process holds is old: the condition in the database still keeps it to one write.
    assert not saw_install(website=website, origin="https://shop.example", at=NOW + dt.timedelta(minutes=59))
    assert saw_install(website=stale, origin="https://shop.example", at=NOW + dt.timedelta(hours=1))


@pytest.mark.parametrize("origin", ["https://evil.example", "https://shop.example.evil", "", "null", "x" * 5000])
def test_a_load_from_elsewhere_is_not_noted(owner: Membership, website: Website, origin: str) -> None:
    change_website(membership=owner, website=website, changes={"allowed_origins": ["https://shop.example"]})
    assert not saw_install(website=website, origin=origin, at=NOW)
    website.refresh_from_db()
    assert website.seen_at is None
    assert website.seen_origin == ""
