"""Who may do what: the one table that the door, the pages and the team page's matrix all read."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Role

if TYPE_CHECKING:
    from accounts.models import Membership


class Permission(StrEnum):
    SEE_CHATS = "see_chats"
    ACCEPT_CHATS = "accept_chats"
    ANSWER_CHATS = "answer_chats"
    CLOSE_CHATS = "close_chats"
    SEE_TEAM = "see_team"
    MANAGE_WEBSITES = "manage_websites"
    MANAGE_TEAM = "manage_team"
    MANAGE_OWNERS = "manage_owners"
    MANAGE_WORKSPACE = "manage_workspace"
    MANAGE_BILLING = "manage_billing"


LABELS: dict[Permission, Promise] = {
    Permission.SEE_CHATS: _("See chats and visitors"),
    Permission.ACCEPT_CHATS: _("Accept waiting chats"),
    Permission.ANSWER_CHATS: _("Answer visitors and write notes"),
    Permission.CLOSE_CHATS: _("Close and reopen chats"),
    Permission.SEE_TEAM: _("See who is in the team"),
    Permission.MANAGE_WEBSITES: _("Set up websites and widgets"),
    Permission.MANAGE_TEAM: _("Change roles and remove members"),
    Permission.MANAGE_OWNERS: _("Make, change and remove owners"),
    Permission.MANAGE_WORKSPACE: _("Change the workspace's settings"),
    Permission.MANAGE_BILLING: _("Choose plans and see invoices"),
}

_OPERATOR = frozenset(
    {
        Permission.SEE_CHATS,
        Permission.ACCEPT_CHATS,
        Permission.ANSWER_CHATS,
        Permission.CLOSE_CHATS,
        Permission.SEE_TEAM,
    }
)
_ADMIN = _OPERATOR | {Permission.MANAGE_WEBSITES, Permission.MANAGE_TEAM, Permission.MANAGE_WORKSPACE}

GRANTS: dict[str, frozenset[Permission]] = {
    Role.OPERATOR: _OPERATOR,
    Role.ADMIN: _ADMIN,
    Role.OWNER: frozenset(Permission),
}


def may(membership: Membership, permission: Permission) -> bool:
    return permission in GRANTS[membership.role]


def matrix() -> list[dict[str, object]]:
    """The table as the team page shows it: one row a permission, one cell a role in the order of `Role`."""
    return [
        {
            "label": LABELS[permission],
            "cells": [(label, permission in GRANTS[role]) for role, label in Role.choices],
        }
        for permission in Permission
    ]
