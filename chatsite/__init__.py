"""Composition: settings, addresses, the ASGI application, the Celery application and the timetable."""

# Imported here so that `shared_task` finds this application (and its broker) in every process, web ones included.
from chatsite.celery import app as celery_app

__all__ = ["celery_app"]
