"""What the worker does for accounts. Ids come in, one verb is called; the rows say what is still to do."""

from celery import shared_task

from accounts.domain import mail


@shared_task
def deliver_mail(mail_id: int) -> None:
    mail.deliver(mail_id=mail_id)


@shared_task
def sweep_mail() -> None:
    mail.sweep()
