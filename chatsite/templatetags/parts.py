"""Small words for the partials in `templates/parts/`. `static/js/drawing.js` follows the same rules."""

from __future__ import annotations

from django import template
from django.template import Context

from accounts.access import LAST_WORKSPACE, active_membership
from accounts.models import Membership, User

register = template.Library()

HUES = 12

# The item of the rail, or of the list of settings, that is marked as current on a page.
SECTIONS = {
    "inbox": "inbox",
    "chat": "inbox",
    "closed_chats": "closed",
    "transcript": "closed",
    "websites": "websites",
    "website_new": "websites",
    "website_settings": "websites",
    "website_install": "websites",
    "team": "team",
    "workspace_settings": "settings",
    "profile": "profile",
    "account_email": "email",
    "account_change_password": "password",
    "account_set_password": "password",
    "mfa_index": "mfa",
    "mfa_activate_totp": "mfa",
    "mfa_deactivate_totp": "mfa",
    "mfa_view_recovery_codes": "mfa",
    "mfa_generate_recovery_codes": "mfa",
    "socialaccount_connections": "connections",
}


@register.filter
def hue(key: object) -> int:
    """One of the twelve avatar hues, always the same for the same id."""
    return sum(ord(letter) for letter in str(key)) % HUES


@register.filter
def initials(name: str) -> str:
    """At most two letters: of the first and the last word that begin with a letter or digit."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "?"
    ends = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0] for word in ends).upper()


@register.simple_tag(takes_context=True)
def current_section(context: Context) -> str:
    """What the view says (`section` in the context), else what the address belongs to."""
    match = getattr(context.get("request"), "resolver_match", None)
    return str(context.get("section") or SECTIONS.get(getattr(match, "url_name", None) or "", ""))


@register.simple_tag(takes_context=True)
def current_member(context: Context) -> Membership | None:
    """Who the page is for. A page of no workspace (profile, password) keeps the rail of the one that was used last."""
    request = context.get("request")
    member = getattr(request, "membership", None)
    if member is not None or request is None:
        return member
    last = request.session.get(LAST_WORKSPACE) if isinstance(getattr(request, "user", None), User) else None
    return active_membership(request.user, last) if last else None
