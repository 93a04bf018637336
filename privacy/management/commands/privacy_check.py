"""`manage.py privacy_check`: is every field declared? With `--list`, the whole map."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.checks import check_declarations
from privacy.contract import Declaration, Json, Link, Personal
from privacy.discovery import data_map


class Command(BaseCommand):
    help = "Checks that every field of every model is declared in a personal_data.py; --list prints the map."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--list", action="store_true", help="print every declaration")

    def handle(self, *args: Any, **options: Any) -> None:
        found = data_map()
        if options["list"]:
            for model in sorted(found.models.values(), key=lambda model: model.label):
                self.stdout.write(f"{model.label} ({model.subject or 'nobody'})")
                for name, declaration in model.fields.items():
                    self.stdout.write(f"  {name}: {describe(declaration)}")
            for store in found.stores:
                self.stdout.write(f"{store.name}: {store.holds}; {describe(store.declaration)}")
        problems = check_declarations()
        for problem in problems:
            self.stderr.write(f"{problem.msg}\n  {problem.hint}")
        if problems:
            raise CommandError(f"{len(problems)} problems.")
        fields = [declaration for model in found.models.values() for declaration in model.fields.values()]
        personal = sum(isinstance(declaration, Personal | Link) for declaration in fields)
        self.stdout.write(
            f"{len(found.models)} models, {len(fields)} fields, {personal} of them about people, {len(found.stores)} "
            "other stores: all declared."
        )


def describe(declaration: Declaration) -> str:
    if isinstance(declaration, Personal):
        purposes = ", ".join(declaration.purposes)
        kept = f" ({declaration.keep.statute}, {declaration.keep.years} years)" if declaration.keep else ""
        return (
            f"{declaration.category} for {purposes}; from {declaration.source}; {declaration.retention}; "
            f"on erasure {declaration.on_erase}{kept}"
        )
    if isinstance(declaration, Link):
        return f"a reference; on erasure {declaration.on_erase}"
    if isinstance(declaration, Json):
        return "; ".join(f"[{key}] {describe(value)}" for key, value in declaration.keys.items())
    return f"not personal{': ' + declaration.reason if declaration.reason else ''}"
