"""The one way a mail leaves: first a row in the transaction of what caused it, then a delivery that can be repeated.

A row is taken by moving `due_at` ahead in one conditional UPDATE (the lease), so two workers never send it both while
one of them lives. A worker that dies leaves the row in `sending`; the minutely sweep takes it when the lease is over.
That is the one case in which a mail may arrive twice, and its Message-ID is the same both times.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import structlog
from celery import current_app
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone
from kombu.exceptions import KombuError

from accounts.models import Mail, MailClass, MailState, User, Workspace

log = structlog.get_logger(__name__)

# Every kind of mail there is, and its class. Templates: `templates/mail/<kind>/{subject.txt,text.txt,html.html}`.
KINDS: dict[str, MailClass] = {
    "confirm_address": MailClass.SECURITY,
    "address_in_use": MailClass.SECURITY,
    "reset_password": MailClass.SECURITY,
    "no_account": MailClass.SECURITY,
    "account_notice": MailClass.SECURITY,
}

LEASE = timedelta(minutes=5)
KEPT = timedelta(days=30)
BACK_OFF = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720)]
SWEEP_LIMIT = FORGET_CHUNK = 200
OPEN_STATES = (MailState.QUEUED, MailState.SENDING)


def send(
    *,
    kind: str,
    to: str,
    context: Mapping[str, Any],
    workspace: Workspace | None = None,
    user: User | None = None,
) -> Mail:
    """Writes the mail to the outbox; it leaves after commit, and not at all if the transaction is rolled back."""
    words = {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, **context}
    subject = " ".join(render_to_string(f"mail/{kind}/subject.txt", words).split())
    mail = Mail.objects.create(
        kind=kind,
        mail_class=KINDS[kind],
        workspace=workspace,
        user=user,
        to=to,
        subject=subject[:200],
        text=render_to_string(f"mail/{kind}/text.txt", words).strip() + "\n",
        html=render_to_string(f"mail/{kind}/html.html", words).strip() + "\n",
    )
    transaction.on_commit(partial(_wake_worker, mail.pk))
    return mail


def deliver(*, mail_id: int, now: datetime | None = None) -> bool:
    """Sends one mail if it is due and nobody else has it. True if it was handed to the mail server now."""
    mail = _take(mail_id, now or timezone.now())
    if mail is None:
        return False
    try:
        _message(mail).send()
    except Exception as error:  # noqa: BLE001 - backends of all providers raise their own kinds; the row must move on
        _put_back(mail, error)
        return False
    Mail.objects.filter(pk=mail.pk).update(state=MailState.SENT, sent_at=timezone.now(), **_emptied())
    return True


def sweep(*, now: datetime | None = None) -> int:
    """Delivers what is due and was left: by a crash, a lost wake-up, a delivery that failed. Returns how many."""
    now = now or timezone.now()
    due = Mail.objects.filter(state__in=OPEN_STATES, due_at__lte=now).order_by("due_at")
    return sum(deliver(mail_id=pk, now=now) for pk in list(due.values_list("pk", flat=True)[:SWEEP_LIMIT]))


def forget(*, now: datetime | None = None) -> int:
    """Deletes what was done with a month ago, in chunks so that no other writer waits long. Returns how many."""
    old = Mail.objects.exclude(state__in=OPEN_STATES).filter(created_at__lt=(now or timezone.now()) - KEPT)
    gone = 0
    while chunk := list(old.values_list("pk", flat=True)[:FORGET_CHUNK]):
        gone += Mail.objects.filter(pk__in=chunk).delete()[0]
    return gone


def _wake_worker(mail_id: int) -> None:
    """A broker that is down costs the mail a minute, not the caller an error: the sweep finds the row."""
    try:
        current_app.send_task("accounts.tasks.deliver_mail", args=[mail_id], retry=False)
    except (KombuError, OSError) as error:
        log.warning("mail.worker_not_woken", mail=mail_id, error=type(error).__name__)


def _take(mail_id: int, now: datetime) -> Mail | None:
    due = Mail.objects.filter(pk=mail_id, state__in=OPEN_STATES, due_at__lte=now)
    if not due.update(state=MailState.SENDING, attempts=F("attempts") + 1, due_at=now + LEASE):
        return None
    return Mail.objects.get(pk=mail_id)


def _put_back(mail: Mail, error: Exception) -> None:
    log.warning("mail.not_delivered", mail=mail.pk, kind=mail.kind, attempts=mail.attempts, error=type(error).__name__)
    mine = Mail.objects.filter(pk=mail.pk, state=MailState.SENDING, attempts=mail.attempts)
    if mail.attempts > len(BACK_OFF):
        mine.update(state=MailState.FAILED, **_emptied())
    else:
        mine.update(state=MailState.QUEUED, due_at=timezone.now() + BACK_OFF[mail.attempts - 1])


def _emptied() -> dict[str, str]:
    """Content is not kept once it has done its work: it holds links that open accounts. A demo keeps it, to be read."""
    return {} if settings.DEMO else {"text": "", "html": ""}


def _message(mail: Mail) -> EmailMultiAlternatives:
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        to=[mail.to],
        headers={
            "Message-ID": f"<{mail.pk}.{mail.created_at:%Y%m%d%H%M%S}@{host}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message
