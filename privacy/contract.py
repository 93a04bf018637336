"""The words in which every app declares what it knows about people (standard library only).

Each app has a `personal_data.py` with `MODELS` and, where it keeps something outside the database, `STORES`. `privacy`
finds these modules by name. The lists below are closed on purpose: a purpose or a period that is not here does not
exist, and "sell", "rent" and "share for advertising" never will.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Category(StrEnum):
    """What kind of thing is known."""

    IDENTITY = "identity"  # names, and what stands for a person
    CONTACT = "contact"  # ways to reach them
    CREDENTIAL = "credential"  # what proves that it is them; never exported
    CONTENT = "content"  # what they wrote
    NETWORK = "network"  # where their connection came from
    DEVICE = "device"  # what they use
    BEHAVIOUR = "behaviour"  # what they did and when
    PREFERENCE = "preference"  # what they chose
    ROLE = "role"  # what they are in a team


class Basis(StrEnum):
    """The lawful basis of a purpose."""

    CONTRACT = "contract"
    LEGITIMATE_INTEREST = "legitimate interest"
    CONSENT = "consent"
    LEGAL_OBLIGATION = "legal obligation"


class Purpose(StrEnum):
    ANSWER = "answer"  # a visitor's question gets its answer
    OPERATE = "operate"  # the service works for the one who uses it
    SECURE = "secure"  # misuse is found and stopped
    ACCOUNT_FOR = "account for"  # it can be shown who did what
    STATISTICS = "statistics"  # the customer's own counts


BASES: Mapping[Purpose, Basis] = {
    Purpose.ANSWER: Basis.CONTRACT,
    Purpose.OPERATE: Basis.CONTRACT,
    Purpose.SECURE: Basis.LEGITIMATE_INTEREST,
    Purpose.ACCOUNT_FOR: Basis.LEGITIMATE_INTEREST,
    Purpose.STATISTICS: Basis.LEGITIMATE_INTEREST,
}


class Retention(StrEnum):
    """The rule that says when it goes; the value is how people read it."""

    ACCOUNT = "until the account is erased"
    MEMBERSHIP = "until the workspace or the account is erased"
    WORKSPACE = "until the workspace is erased"
    SESSION = "until the session ends, 14 days at most"
    EXPIRY = "until it expires"
    MAIL = "content until it is sent, the rest 30 days"
    CHAT = "12 months after the chat was closed"
    CONTACT = "24 months without activity"
    AUDIT = "12 months"
    LOG = "30 days"
    MOMENT = "90 seconds"
    HOUR = "one hour"


class Source(StrEnum):
    """Where it comes from."""

    PERSON = "the person"
    BROWSER = "the person's browser"
    COLLEAGUE = "somebody of the customer's team"
    PROVIDER = "a sign-in provider that the person chose"
    SYSTEM = "made by the service"


class Erase(StrEnum):
    """What erasure does to it."""

    DELETE_ROW = "the row is deleted"
    CLEAR = "the value is emptied"
    REPLACE = "the value becomes a placeholder"
    DETACH = "the reference is cut, the row stays"
    KEEP = "it is kept, and the receipt says why and until when"


class Subject(StrEnum):
    """Whose data the rows of a model are."""

    USER = "account user"
    MEMBER = "member of a team"
    VISITOR = "visitor"


@dataclass(frozen=True, slots=True)
class Keep:
    """Why something outlives an erasure: the statute that asks for it, and for how many years."""

    statute: str
    years: int

    def __post_init__(self) -> None:
        if not self.statute or self.years < 1:
            raise ValueError("what is kept needs a statute and a number of years")


@dataclass(frozen=True, slots=True)
class Personal:
    """A field that says something about a person."""

    category: Category
    purposes: tuple[Purpose, ...]
    retention: Retention
    source: Source
    on_erase: Erase
    keep: Keep | None = None

    def __post_init__(self) -> None:
        if not self.purposes:
            raise ValueError("a personal field needs a purpose")
        if (self.on_erase is Erase.KEEP) != (self.keep is not None):
            raise ValueError("what is kept needs a reason, and only what is kept has one")


@dataclass(frozen=True, slots=True)
class Link:
    """A reference to a row that is about a person; by itself it says that the two belong together."""

    on_erase: Erase

    def __post_init__(self) -> None:
        if self.on_erase not in (Erase.DELETE_ROW, Erase.DETACH):
            raise ValueError("a reference is cut, or its row is deleted")


@dataclass(frozen=True, slots=True)
class NotPersonal:
    """A field that says nothing about anybody. Where text, files or free-form values could hide something, say why."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Json:
    """A JSON field: every key it may hold. `[]` stands for a list's items, `*` for keys that are not known ahead."""

    keys: Mapping[str, Personal | NotPersonal]

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("a JSON field names the keys it may hold")
        for key, declaration in self.keys.items():
            if isinstance(declaration, NotPersonal) and not declaration.reason:
                raise ValueError(f"JSON key {key!r} needs a reason why it is not personal")

    def undeclared(self, value: object) -> set[str]:
        """The keys of `value` that the declaration does not know."""
        if isinstance(value, list):
            return set() if "[]" in self.keys else {"[]"}
        if isinstance(value, dict) and "*" not in self.keys:
            return {str(key) for key in value} - set(self.keys)
        return set()


Declaration = Personal | Link | NotPersonal | Json


@dataclass(frozen=True, slots=True)
class Model:
    """One model, `app_label.ModelName`, and every field of it. `subject`: whose data a row is, if it is anybody's."""

    label: str
    fields: Mapping[str, Declaration]
    subject: Subject | None = None


@dataclass(frozen=True, slots=True)
class Store:
    """A place outside the database where something about people rests, if only for a moment."""

    name: str
    holds: str
    declaration: Personal | NotPersonal


@dataclass(slots=True)
class DataMap:
    """All declarations together."""

    models: dict[str, Model] = field(default_factory=dict)
    stores: list[Store] = field(default_factory=list)
    declared_twice: list[str] = field(default_factory=list)

    def add(self, models: Iterable[Model], stores: Iterable[Store]) -> None:
        for model in models:
            if model.label.lower() in self.models:
                self.declared_twice.append(model.label)
            self.models[model.label.lower()] = model
        self.stores.extend(stores)


def plain(*names: str) -> dict[str, NotPersonal]:
    """Fields that need no reason: numbers, switches, times and choices that say nothing about anybody."""
    return dict.fromkeys(names, NotPersonal())
