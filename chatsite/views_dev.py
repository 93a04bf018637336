"""Pages for whoever works on the look; they exist in demo mode only."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatsite.plots import bars


class SampleForm(forms.Form):
    """One field of every kind; shown once empty and once with errors."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("Visitors see it."))
    address = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=[("operator", gettext_lazy("Operator")), ("admin", gettext_lazy("Admin"))],
    )
    greeting = forms.CharField(label=gettext_lazy("Greeting"), widget=forms.Textarea(attrs={"rows": 3}))
    accent = forms.CharField(
        label=gettext_lazy("Colour"), widget=forms.TextInput(attrs={"type": "color"}), required=False
    )
    position = forms.ChoiceField(
        label=gettext_lazy("Position"),
        choices=[("left", gettext_lazy("Left")), ("right", gettext_lazy("Right"))],
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Where the launcher stands."),
    )
    terms = forms.BooleanField(label=gettext_lazy("Everybody in the team has been told"))
    sounds = forms.BooleanField(
        label=gettext_lazy("Play a sound"),
        required=False,
        initial=True,
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
        help_text=gettext_lazy("Only while this page is open."),
    )


def parts(request: HttpRequest) -> HttpResponse:
    if not settings.DEMO:
        raise Http404
    now = timezone.now()
    context = {
        "form": SampleForm(prefix="empty", initial={"accent": "#0a667d"}),
        "wrong": SampleForm({"wrong-address": "nobody", "wrong-role": "owner"}, prefix="wrong"),
        "moments": [
            now - timedelta(seconds=20),
            now - timedelta(minutes=12),
            now - timedelta(hours=5),
            now - timedelta(days=40),
        ],
        "plot": bars(
            title=_("Chats a day"),
            unit=_("chats"),
            axis=_("Day"),
            points=[(f"{day} Nov", float((day * 37) % 23 + 4)) for day in range(1, 22)],
        ),
        "people": [("Alice", "online"), ("Bob", "away"), ("Carol", "invisible"), ("Dave", ""), ("Erin Hill", "online")],
        "tones": ["info", "positive", "warning", "danger", "note"],
        "snippet": '<script async src="https://chat.example/widget.js" data-website="5fb2c0d1a7"></script>',
    }
    return render(request, "dev/parts.html", context)
