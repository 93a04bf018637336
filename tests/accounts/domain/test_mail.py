"""The outbox: nothing leaves before commit, nothing is lost by a crash, nothing is sent twice knowingly."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch

import pytest
from celery import current_app
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts import tasks
from accounts.domain import mail
from accounts.models import Mail, MailClass, MailState
from tests.factories import MailFactory

URL = "https://chat.example/accounts/confirm-email/key/"


def send() -> Mail:
    return mail.send(kind="confirm_address", to="reader@people.example", context={"url": URL})


@pytest.fixture
def woken() -> Iterator[list[int]]:
    """The ids that the worker was woken for."""
    ids: list[int] = []
    with patch.object(current_app, "send_task", lambda name, args, **_: ids.extend(args)):
        yield ids


def test_a_mail_is_a_row_before_it_is_anything_else(db: None, woken: list[int]) -> None:
    row = send()
    assert (row.state, row.mail_class) == (MailState.QUEUED, MailClass.SECURITY)
    assert URL in row.text
    assert URL in row.html
    assert "\n" not in row.subject
    assert django_mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_is_rolled_back_sends_nothing(woken: list[int]) -> None:
    with pytest.raises(ValueError, match="after the mail"), transaction.atomic():
        send()
        raise ValueError("after the mail")
    assert woken == []
    assert mail.sweep() == 0
    assert django_mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_the_worker_is_woken_after_commit_and_not_before(woken: list[int]) -> None:
    with transaction.atomic():
        row = send()
        assert woken == []
    assert woken == [row.pk]


def test_a_broker_that_is_down_costs_the_caller_nothing(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with (
        patch.object(current_app, "send_task", side_effect=OperationalError("down")),
        django_capture_on_commit_callbacks(execute=True),
    ):
        row = send()
    assert mail.sweep() == 1
    row.refresh_from_db()
    assert row.state == MailState.SENT


def test_the_task_delivers(db: None, woken: list[int]) -> None:
    row = send()
    tasks.deliver_mail(row.pk)
    (sent,) = django_mail.outbox
    assert isinstance(sent, EmailMultiAlternatives)
    assert sent.to == ["reader@people.example"]
    assert URL in str(sent.body)
    assert URL in str(sent.alternatives[0][0])
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"
    row.refresh_from_db()
    assert (row.state, row.attempts) == (MailState.SENT, 1)
    assert row.sent_at is not None


def test_what_was_sent_is_not_kept(db: None) -> None:
    row = MailFactory()
    mail.deliver(mail_id=row.pk)
    row.refresh_from_db()
    assert (row.text, row.html) == ("", "")


def test_a_demo_keeps_it_to_be_read(db: None, settings: Settings) -> None:
    settings.DEMO = True
    row = MailFactory()
    mail.deliver(mail_id=row.pk)
    row.refresh_from_db()
    assert row.text


def test_a_mail_is_not_delivered_twice(db: None) -> None:
    row = MailFactory()
    assert mail.deliver(mail_id=row.pk)
    assert not mail.deliver(mail_id=row.pk)
    assert len(django_mail.outbox) == 1


def test_a_worker_that_was_killed_while_sending_is_made_good_by_the_sweep(db: None) -> None:
    row = MailFactory()
    with patch.object(EmailMultiAlternatives, "send", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        mail.deliver(mail_id=row.pk)
    row.refresh_from_db()
    assert row.state == MailState.SENDING
    assert mail.sweep() == 0, "while the lease runs, the first worker may still be at it"
    assert mail.sweep(now=timezone.now() + mail.LEASE + timedelta(seconds=1)) == 1
    assert len(django_mail.outbox) == 1


def test_a_repeated_delivery_carries_the_same_message_id(db: None) -> None:
    row = MailFactory()
    assert mail.deliver(mail_id=row.pk)
    Mail.objects.filter(pk=row.pk).update(state=MailState.SENDING, due_at=timezone.now())
    assert mail.deliver(mail_id=row.pk)
    first, second = (sent.extra_headers["Message-ID"] for sent in django_mail.outbox)
    assert first == second


def test_a_refused_mail_is_tried_again_later_and_fails_in_the_end(db: None) -> None:
    row = MailFactory()
    now = timezone.now()
    waits = []
    with patch.object(EmailMultiAlternatives, "send", side_effect=smtplib.SMTPServerDisconnected):
        for _ in range(len(mail.BACK_OFF)):
            assert not mail.deliver(mail_id=row.pk, now=now)
            row.refresh_from_db()
            assert row.state == MailState.QUEUED
            assert not mail.deliver(mail_id=row.pk, now=row.due_at - timedelta(seconds=1)), "not before it is due"
            waits.append(row.due_at)
            now = row.due_at
        assert not mail.deliver(mail_id=row.pk, now=now)
    row.refresh_from_db()
    assert row.state == MailState.FAILED
    assert waits == sorted(waits)
    assert mail.sweep(now=now + timedelta(days=30)) == 0
    assert django_mail.outbox == []


def test_what_failed_for_good_is_not_kept_either(db: None) -> None:
    row = MailFactory(attempts=len(mail.BACK_OFF))
    with patch.object(EmailMultiAlternatives, "send", side_effect=smtplib.SMTPServerDisconnected):
        mail.deliver(mail_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.text) == (MailState.FAILED, "")


def test_after_a_month_a_mail_is_forgotten_unless_it_still_waits(db: None) -> None:
    long_ago = timezone.now() - mail.KEPT - timedelta(minutes=1)
    MailFactory(state=MailState.SENT, created_at=long_ago)
    MailFactory(state=MailState.FAILED, created_at=long_ago)
    waiting = MailFactory(created_at=long_ago)
    recent = MailFactory(state=MailState.SENT)
    assert mail.forget() == 2
    assert set(Mail.objects.all()) == {waiting, recent}


def test_the_hourly_task_forgets_mails_and_sessions(db: None) -> None:
    ended, alive = SessionStore(), SessionStore()
    ended.set_expiry(-1)
    for session in (ended, alive):
        session.create()
    MailFactory(state=MailState.SENT, created_at=timezone.now() - mail.KEPT - timedelta(minutes=1))
    tasks.forget_expired()
    assert not Mail.objects.exists()
    assert [row.session_key for row in Session.objects.all()] == [alive.session_key]


def test_one_bad_mail_does_not_keep_the_others(db: None) -> None:
    bad, good = MailFactory(to="bad@people.example"), MailFactory(to="good@people.example")
    real = EmailMultiAlternatives.send

    def picky(message: EmailMultiAlternatives, *args: object) -> int:
        if message.to == [bad.to]:
            raise smtplib.SMTPRecipientsRefused({})
        return real(message)

    with patch.object(EmailMultiAlternatives, "send", picky):
        assert mail.sweep() == 1
    good.refresh_from_db()
    assert good.state == MailState.SENT


def test_a_line_break_in_a_name_adds_no_header(db: None, woken: list[int]) -> None:
    row = mail.send(
        kind="account_notice",
        to="reader@people.example",
        context={"title": "Changed\r\nBcc: eve@evil.example", "message": "text"},
    )
    assert mail.deliver(mail_id=row.pk)
    (sent,) = django_mail.outbox
    assert sent.message()["Bcc"] is None
    assert sent.recipients() == ["reader@people.example"]


def test_markup_in_a_name_is_text(db: None, woken: list[int]) -> None:
    row = mail.send(
        kind="account_notice", to="reader@people.example", context={"title": "A & B", "message": "<script>1</script>"}
    )
    assert "<script>" not in row.html
    assert "<script>1</script>" in row.text
    assert row.subject == "A & B"


@pytest.mark.django_db(transaction=True)
def test_sweeps_that_run_at_once_send_every_mail_once() -> None:
    rows = MailFactory.create_batch(12)
    start = threading.Barrier(4)

    def sweep() -> None:
        start.wait()
        try:
            mail.sweep()
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(sent.to[0] for sent in django_mail.outbox) == sorted(row.to for row in rows)
    assert set(Mail.objects.values_list("state", "attempts")) == {(MailState.SENT, 1)}


@pytest.mark.parametrize("kind", sorted(mail.KINDS))
def test_every_kind_has_its_three_templates(db: None, woken: list[int], kind: str) -> None:
    context = {name: f"https://chat.example/{name}" for name in ("url", "sign_in_url", "sign_up_url", "reset_url")}
    row = mail.send(kind=kind, to="reader@people.example", context={**context, "title": "A title", "message": "A text"})
    assert row.subject
    assert row.text.strip()
    assert "<p>" in row.html
    assert "<img" not in row.html
    assert "style=" not in row.html
