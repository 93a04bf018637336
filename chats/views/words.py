"""Everything the inbox says of chats: one list for the templates and for the script that keeps the page alive."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chats.domain.wire import Wire

EVENTS: dict[str, tuple[Promise, Promise]] = {
    "joined": (_("%(name)s joined"), _("Somebody joined")),
    "transferred": (_("%(name)s passed the chat on"), _("The chat waits for somebody again")),
    "closed": (_("%(name)s closed the chat"), _("The chat was closed after a long silence")),
    "missed": (_("Nobody was free to answer %(name)s"), _("Nobody was free to answer")),
    "reopened": (_("%(name)s reopened the chat"), _("The chat was reopened")),
    "rated": (_("%(name)s rated the chat"), _("The chat was rated")),
    "file": (_("%(name)s sent a file"), _("A file was sent")),
    "deleted": (_("Message deleted"), _("Message deleted")),
}


def last_words(last: Wire, *, reader: str) -> str:
    """The words under the name in a row, for the member whose shown name is `reader`: what was said, or happened."""
    author = last["author"]
    if last["kind"] == "note":
        return gettext("Note: %(text)s") % {"text": last["text"]}
    if last["kind"] != "text":
        return event_words(last["kind"], author)
    if author["type"] != "operator":
        text: str = last["text"]
        return text
    if author["name"] == reader:
        return gettext("You: %(text)s") % {"text": last["text"]}
    return gettext("%(name)s: %(text)s") % {"name": author["name"], "text": last["text"]}


def event_words(kind: str, author: Wire) -> str:
    """An event as a sentence. The console's script has the same sentences from `words`."""
    known = EVENTS.get(kind)
    if known is None:
        return ""
    named, nameless = known
    return str(named) % {"name": author["name"]} if author.get("name") and author["type"] != "system" else str(nameless)


def words() -> dict[str, Any]:
    """Everything the console's script says, in the reader's language."""
    return {
        "events": {kind: [str(named), str(nameless)] for kind, (named, nameless) in EVENTS.items()},
        "you": gettext("You: %(text)s"),
        "said": gettext("%(name)s: %(text)s"),
        "note": gettext("Note: %(text)s"),
        "hours": gettext("%(hours)d h"),
        "days": gettext("%(days)d d"),
        "today": gettext("Today"),
        "yesterday": gettext("Yesterday"),
        "live": gettext("Live"),
        "connecting": gettext("Connecting…"),
        "reconnecting": gettext("Reconnecting… %(seconds)d s"),
        "offline": gettext("Offline - nothing is lost"),
        "stopped": gettext("Not connected"),
        "stops": {
            "4401": gettext("You were signed out. What you wrote is kept here; sign in again to go on."),
            "4403": gettext("Your access to this workspace has ended."),
            "4404": gettext("This workspace is no longer there."),
            "4426": gettext("This page is older than the service. Load it anew; what you wrote is kept."),
            "other": gettext("The connection was refused. Load the page anew; what you wrote is kept."),
        },
        "load_anew": gettext("Load anew"),
        "seconds": gettext("%(seconds)d s"),
        "heard": gettext("Last heard from the server %(seconds)d s ago"),
        "never": gettext("Not heard from the server yet"),
        "typing": gettext("%(name)s is typing…"),
        "seen": gettext("%(name)s is looking at this chat"),
        "sending": gettext("Sending…"),
        "queued": gettext("Waiting for the connection - kept here"),
        "sent": gettext("Sent"),
        "errors": {
            "closed": gettext("Not sent: the chat is closed. Reopen it and retry."),
            "not_found": gettext("Not sent: this chat no longer exists."),
            "forbidden": gettext("Not sent: you have no right to do this."),
            "taken": gettext("A colleague took this chat first."),
            "too_large": gettext("Not sent: the text is too long."),
            "too_fast": gettext("Too fast; sent again in a moment."),
            "unavailable": gettext("The server is busy; sent again in a moment."),
            "other": gettext("Not sent. The text is kept; retry when you like."),
        },
        "closed": gettext("Chat closed."),
        "undo": gettext("Undo"),
        "reply": gettext("Reply"),
        "reply_accepts": gettext("Reply - this also accepts the chat"),
        "yours": gettext("yours"),
        "with": gettext("with %(name)s"),
        "colleague_holds": gettext("%(name)s holds this chat; a reply does not move it."),
        "not_sent": gettext("Something in another chat was not sent."),
        "show": gettext("Show"),
        "not_opened": gettext("The chat could not be loaded. Check the connection and try again."),
        "not_done": gettext("That did not work and nothing was changed. Check the connection and try again."),
        "sound_off": gettext("Enable sound"),
        "sound_on": gettext("Sound on"),
        "sound_blocked": gettext("Click to hear sounds"),
        "notice_off": gettext("Enable notices"),
        "notice_on": gettext("Notices on"),
        "notice_denied": gettext("Notices blocked by the browser"),
        "new_chat": gettext("New chat"),
        "new_chat_text": gettext("Somebody is waiting on %(website)s."),
        "new_message": gettext("New message"),
        "new_message_text": gettext("%(name)s wrote to you."),
        "statuses": {"online": gettext("Online"), "away": gettext("Away"), "invisible": gettext("Invisible")},
        "reasons": {
            "chosen": gettext("You chose it."),
            "connected": gettext("This console is connected."),
            "no_console": gettext("No console of yours is connected."),
        },
    }
