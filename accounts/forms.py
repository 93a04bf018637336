"""Forms of accounts: they parse and check the shape; the rules are in `accounts/domain`."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from accounts.domain import users
from accounts.domain.lines import one_line
from accounts.models import Role, Theme, User


def time_zones() -> list[tuple[str, str]]:
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class SignUpFields(forms.Form):
    """What the sign-up page asks beyond address and password."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=80,
        help_text=_("Visitors and colleagues see it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ["name", "email", "password1"]

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = one_line(self.cleaned_data["name"], users.LONGEST_NAME)
        user.save(update_fields=["name"])


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Visitors and colleagues see it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    theme = forms.ChoiceField(
        label=_("Colours"), choices=Theme.choices, widget=forms.Select(attrs={"data-theme-choice": True})
    )

    @classmethod
    def of(cls, user: User, data: Any = None) -> ProfileForm:
        return cls(data, initial={"name": user.name, "theme": user.theme})


class WorkspaceForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lazy(time_zones, list)(),
        help_text=_("Days begin and end in this zone, in lists and reports."),
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
