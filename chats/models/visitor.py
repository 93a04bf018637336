"""A person on a website, inside one workspace only. The row is written with their first message, not before."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from chats.models.ids import new_id


class VisitorQuerySet(models.QuerySet["Visitor"]):
    def for_workspace(self, workspace: Workspace) -> VisitorQuerySet:
        return self.filter(workspace=workspace)


class Visitor(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    website = models.ForeignKey("chats.Website", on_delete=models.CASCADE, related_name="visitors")
    name = models.CharField(_("name"), max_length=80, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    ip = models.CharField(_("shortened IP address"), max_length=45, blank=True)
    browser = models.CharField(_("browser family"), max_length=30, blank=True)
    system = models.CharField(_("system family"), max_length=30, blank=True)
    tokens_from = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    objects = VisitorQuerySet.as_manager()

    class Meta:
        verbose_name = _("visitor")
        verbose_name_plural = _("visitors")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["workspace", "-created_at"], name="visitor_newest")
        ]

    def __str__(self) -> str:
        return f"visitor {self.pk}"

    @property
    def display_name(self) -> str:
        return self.name or f"Visitor {self.id.hex[-4:].upper()}"


class VisitorToken(models.Model):
    """The hash of a token that opens this visitor's chat. The token itself is never stored."""

    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("visitor token")
        verbose_name_plural = _("visitor tokens")

    def __str__(self) -> str:
        return f"token of visitor {self.visitor_id}"
