"""What the worker does for accounts. Ids come in, one verb is called; the rows say what is still to do."""

from importlib import import_module

from celery import shared_task
from django.conf import settings

from accounts.domain import mail


@shared_task
def deliver_mail(mail_id: int) -> None:
    mail.deliver(mail_id=mail_id)


@shared_task
def sweep_mail() -> None:
    mail.sweep()


@shared_task
def forget_expired() -> None:
    """Sessions that ended and mails that left a month ago; both are promised to go."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    mail.forget()
