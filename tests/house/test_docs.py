"""Documentation that could be wrong is held to the code."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

from tests.house.tree import PACKAGES, ROOT, docs, modules, parsed

READERS = {"str", "int", "float", "bool", "list", "secret", "db_url", "db"}


def environment_names() -> set[str]:
    """Every name that the settings read from the environment."""
    names = set()
    for path in (ROOT / "chatsite" / "settings").glob("*.py"):
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in READERS and isinstance(node.args[0].value, str) and node.args[0].value.isupper():
                names.add(node.args[0].value)
    return names


def commands() -> set[str]:
    folders = [ROOT / package / "management" / "commands" for package in PACKAGES]
    return {path.stem for folder in folders for path in folder.glob("*.py") if path.stem != "__init__"}


def own_signals() -> set[str]:
    tree = parsed(ROOT / "accounts" / "signals.py")
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name) and ast.unparse(node.value.func).endswith("Signal")
    }


def make_targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))


def test_every_environment_name_is_in_the_list_of_settings() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    names = environment_names()
    assert len(names) > 30
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_the_list_of_settings_names_nothing_that_is_not_read() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([A-Z_]+)`", page, re.MULTILINE))
    assert listed - environment_names() == set()


def test_every_command_is_documented() -> None:
    text = docs()
    assert {name for name in commands() if f"manage.py {name}" not in text} == set()


def test_every_make_target_is_documented() -> None:
    text = docs()
    assert {target for target in make_targets() if f"make {target}" not in text} == set()


def test_every_job_of_the_timetable_is_documented() -> None:
    page = (ROOT / "docs" / "jobs.md").read_text(encoding="utf-8")
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert tasks
    assert {task for task in tasks if f"`{task}`" not in page} == set()


def test_every_task_is_documented() -> None:
    page = (ROOT / "docs" / "jobs.md").read_text(encoding="utf-8")
    tasks = {
        f"{path.parent.name}.tasks.{node.name}"
        for path in modules()
        if path.name == "tasks.py"
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef) and any("shared_task" in ast.unparse(d) for d in node.decorator_list)
    }
    assert {task for task in tasks if f"`{task}`" not in page} == set()


def test_the_timetable_only_names_tasks_that_exist() -> None:
    from chatsite.celery import app

    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} - set(app.tasks) == set()


def test_every_own_signal_is_documented() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert own_signals()
    assert {name for name in own_signals() if f"`{name}`" not in page} == set()


def test_the_glossary_knows_every_model() -> None:
    from django.apps import apps

    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    own = {model.__name__ for model in apps.get_models() if model.__module__.split(".")[0] in PACKAGES}
    assert {name for name in own if f"`{name}`" not in page} == set()


def pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_named_in_pages_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    folders = "|".join([*PACKAGES, "tests", "docs", "templates", "static", r"\.ci"])
    named = re.findall(rf"`((?:{folders})/[\w./-]+)`", text)
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_comments_refer_to_decisions_that_were_written() -> None:
    sources = [*modules(), *(ROOT / "tests").rglob("*.py"), *(ROOT / "static").rglob("*.js")]
    named = {
        (path.relative_to(ROOT), match)
        for path in sources
        if path != Path(__file__)
        for match in re.findall(r"docs/decisions/(\d{4})", path.read_text(encoding="utf-8"))
    }
    numbers = {page.name[:4] for page in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}
    assert {(str(path), number) for path, number in named if number not in numbers} == set()


def test_the_version_is_the_newest_of_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\d+\.\d+\.\d+|Unreleased)", changelog, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert newest is not None
    assert newest.group(1) in {project["version"], "Unreleased"}


def test_pages_name_no_folder_of_a_developers_machine() -> None:
    assert re.findall(r"(?:/home/\w+|/root/|/Users/\w+|/tmp/\w+)", docs()) == []
