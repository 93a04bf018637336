"""Jobs of chats. The rows are the work; these only look at them."""

from __future__ import annotations

from celery import shared_task

from chats.domain import clocks


@shared_task
def run_clocks() -> None:
    clocks.run_clocks()
