"""The frame's words that its modules put together, in the visitor's language. What never changes is in the template."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

WORDS = {
    "here": _("We are here"),
    "away": _("Nobody is here right now"),
    "back": _("Back {when}"),
    "leave": _("Leave a message. We answer here as soon as we are back."),
    "reconnecting": _("Reconnecting. What you write is kept."),
    "gone": _("This chat cannot go on, but you can start a new one."),
    "sending": _("Sending"),
    "sent": _("Sent"),
    "read": _("Read"),
    "failed": _("Not sent."),
    "retry": _("Try again"),
    "drop": _("Delete"),
    "agree": _("Agree and send"),
    "too_long": _("At most {limit} characters; yours has {length}."),
    "bad_email": _("This does not look like an e-mail address."),
    "typing": _("{name} is typing"),
    "you": _("You"),
    "today": _("Today"),
    "joined": _("{name} has joined"),
    "missed": _("Nobody could answer yet. Your message is kept, and we answer here."),
    "closed": _("The chat has ended. Write to go on with it."),
    "reopened": _("The chat goes on"),
    "write": _("Write a message"),
    "errors": {
        "too_fast": _("You are very quick. It is sent in a moment."),
        "unavailable": _("We are busy. It is sent in a moment."),
        "too_large": _("This is too long to send."),
        "banned": _("You cannot write here."),
        "limit_reached": _("No more chats can begin right now. Try again later."),
    },
}
