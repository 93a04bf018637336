"""A customer's account (the tenant), its departments, and who belongs to it in which role."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class WorkspaceState(models.TextChoices):
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    CLOSING = "closing", _("Closing")


class Workspace(models.Model):
    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("address"), max_length=50, unique=True)
    state = models.CharField(max_length=10, choices=WorkspaceState.choices, default=WorkspaceState.ACTIVE)
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC")
    seat_limit = models.PositiveIntegerField(_("seats"), default=100)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("workspace")
        verbose_name_plural = _("workspaces")

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="departments")
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("workspace", Lower("name"), name="department_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    OPERATOR = "operator", _("Operator")


class Availability(models.TextChoices):
    """What a member chose; whether they are really there is for presence to say."""

    ONLINE = "online", _("Online")
    AWAY = "away", _("Away")
    INVISIBLE = "invisible", _("Invisible")


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> MembershipQuerySet:
        """Members who may act: not removed, their user not deactivated, their workspace not suspended or closing."""
        return self.filter(removed_at__isnull=True, user__is_active=True, workspace__state=WorkspaceState.ACTIVE)

    def for_workspace(self, workspace: Workspace) -> MembershipQuerySet:
        return self.filter(workspace=workspace)


class Membership(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    departments = models.ManyToManyField(Department, blank=True, related_name="memberships")
    availability = models.CharField(max_length=10, choices=Availability.choices, default=Availability.ONLINE)
    joined_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["workspace", "user"], name="member_once"),
        ]

    def __str__(self) -> str:
        return f"member {self.pk}"

    def is_here(self, at: datetime) -> bool:
        """Whether a live connection of theirs was seen so recently that it still holds, whatever they chose to be."""
        lease = timedelta(seconds=settings.LIVE_LEASE_SECONDS)
        return self.last_seen_at is not None and at - self.last_seen_at < lease
