from .chat import (
    OPEN_STATES,
    AuthorType,
    Chat,
    ChatQuerySet,
    ChatStart,
    ChatState,
    Inbox,
    Kind,
    Message,
    ReadMark,
)
from .visitor import Visitor, VisitorToken
from .website import Position, Website

__all__ = [
    "OPEN_STATES",
    "AuthorType",
    "Chat",
    "ChatQuerySet",
    "ChatStart",
    "ChatState",
    "Inbox",
    "Kind",
    "Message",
    "Position",
    "ReadMark",
    "Visitor",
    "VisitorToken",
    "Website",
]
