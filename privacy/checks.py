"""Refuses to start while any field of any model is undeclared, third-party apps' included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from django.apps import apps
from django.apps.config import AppConfig
from django.core import checks
from django.db import models

from privacy.contract import DataMap, Declaration, Json, Link, Model, NotPersonal
from privacy.discovery import MODULE, data_map

TAG = "personal_data"

# Where something about a person could hide unseen; a choice from a fixed list cannot.
_FREE = (
    models.CharField,
    models.TextField,
    models.FileField,
    models.BinaryField,
    models.GenericIPAddressField,
    models.JSONField,
)
AnyField: TypeAlias = "models.Field[Any, Any]"


def check_declarations(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """The system check. It always looks at all apps: a model may be declared by another app than its own."""
    return list(problems(apps.get_models(), data_map()))


def fields_of(model: type[models.Model]) -> list[AnyField]:
    """Every field with a column of its own, and the many-to-many fields, which stand for their link tables."""
    return [*model._meta.local_concrete_fields, *model._meta.local_many_to_many]


def problems(all_models: Sequence[type[models.Model]], found: DataMap) -> Iterator[checks.CheckMessage]:
    known: dict[str, type[models.Model]] = {
        model._meta.label_lower: model for model in all_models if not model._meta.proxy and not model._meta.auto_created
    }
    for label in found.declared_twice:
        yield checks.Error(f"{label} is declared twice.", hint=f"Keep one, in one {MODULE}.py.", id="privacy.E003")
    for label, model in known.items():
        declared = found.models.get(label)
        if declared is None:
            yield _undeclared_model(model)
        else:
            yield from _check_model(model, declared, found)
    for label, declared in found.models.items():
        if label not in known:
            yield checks.Error(
                f"{declared.label} is declared, but there is no such model.",
                hint=f"Remove it from the {MODULE}.py that names it.",
                id="privacy.E002",
            )


def _check_model(model: type[models.Model], declared: Model, found: DataMap) -> Iterator[checks.CheckMessage]:
    fields = {field.name: field for field in fields_of(model)}
    for name, field in fields.items():
        if name not in declared.fields:
            yield _undeclared_field(model, field)
        else:
            yield from _check_field(model, field, declared.fields[name], found)
    for name in declared.fields.keys() - fields.keys():
        yield checks.Error(
            f"{declared.label}.{name} is declared, but there is no such field.",
            hint=f"Remove it from the {MODULE}.py of {model._meta.app_label}, or correct its name.",
            obj=model,
            id="privacy.E002",
        )


def _check_field(
    model: type[models.Model], field: AnyField, declaration: Declaration, found: DataMap
) -> Iterator[checks.CheckMessage]:
    name = f"{model._meta.label}.{field.name}"
    if isinstance(field, models.JSONField) != isinstance(declaration, Json):
        yield checks.Error(
            f"{name}: a JSON field, and nothing else, is declared by its keys.",
            hint=f'"{field.name}": Json({{"key": NotPersonal("why"), …}})',
            obj=model,
            id="privacy.E004",
        )
    elif isinstance(declaration, NotPersonal) and not declaration.reason and _could_hide_something(field):
        yield checks.Error(
            f"{name} could hold something about a person; nothing says why it does not.",
            hint=f'"{field.name}": NotPersonal("why it says nothing about anybody")',
            obj=model,
            id="privacy.E005",
        )
    if _points_at_a_person(field, found) != isinstance(declaration, Link):
        yield checks.Error(
            f"{name}: a reference to a person's row, and nothing else, is declared as Link.",
            hint=f'"{field.name}": Link(Erase.DELETE_ROW) or Link(Erase.DETACH)',
            obj=model,
            id="privacy.E006",
        )


def _could_hide_something(field: AnyField) -> bool:
    return isinstance(field, _FREE) and not field.choices


def _points_at_a_person(field: AnyField, found: DataMap) -> bool:
    if not field.is_relation or not isinstance(field.related_model, type):
        return False
    target = found.models.get(field.related_model._meta.label_lower)
    return target is not None and target.subject is not None


def _undeclared_field(model: type[models.Model], field: AnyField) -> checks.Error:
    example = f'"{field.name}": Personal(category, purposes, retention, source, on_erase)'
    if isinstance(field, models.JSONField):
        example = f'"{field.name}": Json({{"key": NotPersonal("why"), …}})'
    elif field.is_relation:
        example = f'"{field.name}": Link(Erase.DETACH) if it points at a person, else **plain("{field.name}")'
    elif not _could_hide_something(field):
        example += f', or **plain("{field.name}")'
    else:
        example += f', or "{field.name}": NotPersonal("why")'
    return checks.Error(
        f"{model._meta.label}.{field.name} is not declared.",
        hint=f"Add to Model({model._meta.label!r}) in {model._meta.app_label}/{MODULE}.py (for a third-party app: in "
        f"accounts/{MODULE}.py): {example}. The words are in privacy/contract.py.",
        obj=model,
        id="privacy.E001",
    )


def _undeclared_model(model: type[models.Model]) -> checks.Error:
    names = ", ".join(field.name for field in fields_of(model))
    return checks.Error(
        f"{model._meta.label} is not declared.",
        hint=f"Add Model({model._meta.label!r}, fields={{…}}, subject=…) to MODELS in {model._meta.app_label}/"
        f"{MODULE}.py (for a third-party app: in accounts/{MODULE}.py), with: {names}. The words are in "
        "privacy/contract.py.",
        obj=model,
        id="privacy.E001",
    )
