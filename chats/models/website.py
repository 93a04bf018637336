"""A site of the workspace that carries the widget."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from chats.models.ids import new_website_key


class Position(models.TextChoices):
    RIGHT = "right", _("Right")
    LEFT = "left", _("Left")


class WebsiteQuerySet(models.QuerySet["Website"]):
    def for_workspace(self, workspace: Workspace) -> WebsiteQuerySet:
        return self.filter(workspace=workspace)

    def served(self) -> WebsiteQuerySet:
        """Websites whose widget is answered: switched on, in a workspace that is active."""
        return self.filter(is_active=True, workspace__state="active")


def no_texts() -> dict[str, str]:
    return {}


def always_open() -> dict[str, Any]:
    """No opening hours set: the team is expected whenever an operator is online."""
    return {}


class Website(models.Model):
    """`texts` overrides the widget's own words by key; `hours` maps `mon`..`sun` to spans `[["09:00", "17:30"], …]`
    in `time_zone` (an empty object: always open); `allowed_origins` is a list of exact origins (empty: any)."""

    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="websites")
    key = models.CharField(max_length=32, unique=True, default=new_website_key, editable=False)
    name = models.CharField(_("name"), max_length=80)
    is_active = models.BooleanField(_("widget switched on"), default=True)
    allowed_origins = models.JSONField(_("allowed origins"), default=list, blank=True)
    accent = models.CharField(_("colour"), max_length=7, default="#0b6b83")
    position = models.CharField(_("position"), max_length=5, choices=Position.choices, default=Position.RIGHT)
    texts = models.JSONField(_("texts"), default=no_texts, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC")
    hours = models.JSONField(_("opening hours"), default=always_open, blank=True)
    missed_after = models.PositiveIntegerField(_("missed after (seconds)"), default=180)
    idle_close_after = models.PositiveIntegerField(_("close idle chats after (minutes)"), default=60)
    reopen_within = models.PositiveIntegerField(_("reopen within (hours)"), default=24)
    typing_preview = models.BooleanField(_("operators see what is being typed"), default=False)
    seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    seen_origin = models.CharField(max_length=255, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WebsiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("website")
        verbose_name_plural = _("websites")

    def __str__(self) -> str:
        return self.name
