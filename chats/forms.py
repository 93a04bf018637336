"""Forms of chats: they parse what was typed. Whether it may be kept is said by `chats/domain/websites.py`."""

from __future__ import annotations

import re
from typing import Any, cast

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import time_zones
from chats.domain.hours import DAYS
from chats.domain.websites import NAME_LIMIT, TEXTS, WAITS, BadWebsite, Changes
from chats.models import Position, Website

_SPAN = re.compile(r"\s*(?:-|–|—|to)\s*")
_PARTS = re.compile(r"[,;\n]")
PLAIN = ("name", "is_active", "accent", "position", "time_zone", "typing_preview", *WAITS)
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?")
DAY_LABELS = dict(
    zip(
        DAYS,
        (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")),
        strict=True,
    )
)


def parse_spans(text: str) -> list[list[str]]:
    """`9-12:30, 13:30 to 17` as `[["09:00", "12:30"], ["13:30", "17:00"]]`; what is no span stays what it is."""
    return [[_clock(end) for end in _SPAN.split(part.strip())] for part in _PARTS.split(text) if part.strip()]


def _clock(text: str) -> str:
    found = _CLOCK.fullmatch(text)
    return f"{int(found[1]):02d}:{found[2] or '00'}" if found else text


def write_spans(spans: list[list[str]]) -> str:
    return ", ".join("-".join(span) for span in spans)


class BadWebsiteForm(forms.Form):
    """A form that can show at its fields why a website was refused."""

    def refuse(self, bad: BadWebsite) -> None:
        for key, message in bad.errors.items():
            name = key.replace("texts.", "").replace(".", "_")
            self.add_error(name if name in self.fields else None, str(message))

    def name_what_is_wrong(self) -> None:
        """One line above the form, so that an error far down is not overlooked."""
        labels = [str(field.label) for name, field in self.fields.items() if name in self.errors]
        if labels:
            told = gettext("Nothing was saved. Please look at: {fields}.")
            self.add_error(None, told.format(fields=", ".join(labels)))


class StartForm(BadWebsiteForm):
    workspace_name = forms.CharField(
        label=_("Name of your company or team"),
        widget=forms.TextInput(attrs={"autocomplete": "organization", "maxlength": NAME_LIMIT, "autofocus": True}),
    )
    address = forms.CharField(
        label=_("Address of your website"),
        required=False,
        help_text=_("Only this website may then carry the chat. Leave it empty to try it anywhere first."),
        widget=forms.TextInput(
            attrs={"autocomplete": "url", "inputmode": "url", "placeholder": "https://www.example.com"}
        ),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=lazy(time_zones, list)())


class NewWebsiteForm(BadWebsiteForm):
    name = forms.CharField(label=_("Name"), widget=forms.TextInput(attrs={"maxlength": NAME_LIMIT}))


def _words(key: str, label: Any, help_text: Any = "", rows: int = 0, placeholder: Any = "") -> forms.CharField:
    attrs = {"maxlength": TEXTS[key], "placeholder": placeholder}
    widget = forms.Textarea(attrs={**attrs, "rows": rows}) if rows else forms.TextInput(attrs=attrs)
    return forms.CharField(label=label, required=False, help_text=help_text, widget=widget)


def _wait(field: str, label: Any, help_text: Any) -> forms.IntegerField:
    least, most = WAITS[field]
    widget = forms.NumberInput(attrs={"min": least, "max": most})
    return forms.IntegerField(label=label, help_text=help_text, widget=widget)


class WebsiteForm(BadWebsiteForm):
    name = forms.CharField(
        label=_("Name"),
        help_text=_("Your team sees it at every chat."),
        widget=forms.TextInput(attrs={"maxlength": NAME_LIMIT}),
    )
    is_active = forms.BooleanField(
        label=_("Widget is switched on"), required=False, widget=forms.CheckboxInput(attrs={"role": "switch"})
    )
    allowed_origins = forms.CharField(
        label=_("Websites that may carry the widget"),
        required=False,
        help_text=_("One a line, like https://www.example.com. With none, any page may."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    accent = forms.CharField(
        label=_("Colour"),
        help_text=_("Text on it is white or black, whichever can be read."),
        widget=forms.TextInput(attrs={"type": "color"}),
    )
    position = forms.ChoiceField(label=_("Corner of the page"), choices=Position.choices)
    title = _words("title", _("Title"), _("At the top of the chat. Empty: the website's name."))
    launcher = _words("launcher", _("Name of the button"), _("Read out by screen readers."), placeholder=_("Open chat"))
    greeting = _words("greeting", _("Greeting"), rows=2, placeholder=_("Hello. How can we help you?"))
    away = _words(
        "away",
        _("When nobody is there"),
        rows=2,
        placeholder=_("Leave a message. We answer here as soon as we are back."),
    )
    notice = _words(
        "notice",
        _("Notice before the first message"),
        _("What you keep, and why. Visitors see it before anything they type is sent."),
        rows=3,
        placeholder=_("Your messages are kept so that we can answer you. Please send no passwords or card numbers."),
    )
    privacy_url = _words(
        "privacy_url", _("Address of your privacy policy"), placeholder="https://www.example.com/privacy"
    )
    typing_preview = forms.BooleanField(
        label=_("Operators see what visitors type before they send it"),
        required=False,
        help_text=_("The notice tells visitors so."),
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=lazy(time_zones, list)())
    missed_after = _wait(
        "missed_after", _("Missed after (seconds)"), _("A chat that nobody takes is marked as missed.")
    )
    idle_close_after = _wait(
        "idle_close_after", _("Close after (minutes)"), _("Chats in which nobody writes any more are closed.")
    )
    reopen_within = _wait(
        "reopen_within",
        _("Reopen within (hours)"),
        _("Until then a visitor who writes again continues the closed chat."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day, label in DAY_LABELS.items():
            widget = forms.TextInput(attrs={"placeholder": _("Closed"), "inputmode": "text"})
            self.fields[f"hours_{day}"] = forms.CharField(label=label, required=False, widget=widget)

    @classmethod
    def of(cls, website: Website, data: Any = None) -> WebsiteForm:
        kept = {name: getattr(website, name) for name in cls.base_fields if hasattr(website, name)}
        hours = {f"hours_{day}": write_spans(website.hours.get(day, [])) for day in DAYS}
        texts = {key: website.texts.get(key, "") for key in TEXTS}
        return cls(data, initial={**kept, **texts, **hours, "allowed_origins": "\n".join(website.allowed_origins)})

    def days(self) -> list[forms.BoundField]:
        return [self[f"hours_{day}"] for day in DAYS]

    def changes(self) -> Changes:
        """What was given, of the fields that could be read."""
        given = self.cleaned_data
        changes: dict[str, Any] = {name: given[name] for name in PLAIN if name in given}
        changes["allowed_origins"] = re.split(r"[\n,]", given["allowed_origins"])
        changes["texts"] = {key: given[key] for key in TEXTS}
        changes["hours"] = {day: parse_spans(given[f"hours_{day}"]) for day in DAYS}
        return cast(Changes, changes)
