"""Where things live, and how big they may get."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.house.tree import APPS, PACKAGES, ROOT, functions, modules, name_of, parsed

LONGEST_MODULE = 400
LONGEST_FUNCTION = 50
TOP_LEVEL = {
    # fixed by design
    "manage.py", "requirements.txt", "templates", "static", "tests", *PACKAGES,
    # what every project has
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "Makefile", "Procfile", "pyproject.toml",
    "package.json", "biome.json", "tsconfig.json", "docs", ".ci", ".gitignore", "locale",
}  # fmt: skip
ROOMS = {
    "models", "domain", "access.py", "permissions.py", "views", "api", "forms.py", "emails.py", "tasks.py", "admin.py",
    "urls.py", "personal_data.py", "migrations", "signals.py", "receivers.py", "apps.py", "management", "templatetags",
    "live", "adapters.py", "contract.py", "checks.py", "discovery.py", "gateway.py", "__init__.py",
}  # fmt: skip
COMMENT = re.compile(r"\{% comment.*?endcomment %\}|\{#.*?#\}", re.DOTALL)
JUNK_DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "tools"}


def tracked() -> list[Path]:
    """What git knows or would add, so that an ignored folder of this machine plays no part."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listing.returncode:
        pytest.skip("not a git work tree")
    return [Path(line) for line in listing.stdout.splitlines() if (ROOT / line).exists()]


def test_the_top_level_is_what_the_architecture_says() -> None:
    assert {path.parts[0] for path in tracked()} - TOP_LEVEL == set()


def test_every_app_has_only_the_known_rooms() -> None:
    rooms = {path.parts[1] for path in tracked() if path.parts[0] in APPS}
    assert rooms - ROOMS == set()


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def is_a_list(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether all it does is to return one literal, such as the words of a page: nothing to split there."""
    last = function.body[-1]
    rest = function.body[:-1]
    only = not rest or (len(rest) == 1 and ast.get_docstring(function) is not None)
    return only and isinstance(last, ast.Return) and isinstance(last.value, ast.Dict | ast.List | ast.Tuple)


def test_no_function_is_longer_than_50_lines() -> None:
    lengths = {
        f"{name_of(path)}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in modules()
        for function in functions(path)
        if not is_a_list(function)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_there_is_no_junk_drawer() -> None:
    drawers = {str(path) for path in tracked() if JUNK_DRAWERS & {part.removesuffix(".py") for part in path.parts}}
    assert drawers == set()


def test_every_module_says_what_it_is_for() -> None:
    silent = {
        name_of(path)
        for path in modules()
        if parsed(path).body and path.name not in {"__init__.py", "apps.py"} and not ast.get_docstring(parsed(path))
    }
    assert silent == set()


def test_nothing_personal_to_this_machine_is_tracked() -> None:
    folders = {"var", ".venv", "node_modules"}
    assert {str(path) for path in tracked() if path.parts[0] in folders} == set()


def test_templates_hold_no_inline_script_or_style() -> None:
    """The content security policy would refuse them in silence; better to fail here."""
    inline_script = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", re.IGNORECASE)
    inline_style = re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE)
    handler = re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.IGNORECASE)
    offenders = {
        f"{path.relative_to(ROOT)}: {found.group()[:60]}"
        for path in (ROOT / "templates").rglob("*.html")
        for pattern in (inline_script, inline_style, handler)
        for found in pattern.finditer(COMMENT.sub("", path.read_text(encoding="utf-8")))
        if "mail" not in path.relative_to(ROOT).parts
    }
    assert offenders == set()


def test_packages_are_all_listed_for_the_build() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project["tool"]["setuptools"]["packages"]) == set(PACKAGES)
