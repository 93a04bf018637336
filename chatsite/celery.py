"""The Celery application. Its timetable is `chatsite/schedule.py`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

app = Celery("chatsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

from chatsite.schedule import SCHEDULE  # noqa: E402 - the tasks' names are only known by now

app.conf.beat_schedule = SCHEDULE
