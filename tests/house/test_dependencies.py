"""What is installed: pinned, and never below a release that closed a known hole."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest
from packaging.version import Version

from tests.house.tree import ROOT

# `pip-audit` skips what it does not know and prints success, so the floors are stated.
FLOORS = {
    "Django": "5.2.17",
    "djangorestframework": "3.18.2",
    "django-allauth": "65.19.4",
    "daphne": "4.2.2",
}
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return {match[0].lower(): match[1] for match in PIN.findall((ROOT / name).read_text(encoding="utf-8"))}


@pytest.mark.parametrize(("package", "floor"), FLOORS.items())
def test_a_package_is_not_older_than_its_last_known_hole(package: str, floor: str) -> None:
    assert Version(version(package)) >= Version(floor)
    assert Version(pins("requirements.txt")[package.lower()]) >= Version(floor)


def test_the_tests_run_on_what_production_installs() -> None:
    production, tests = pins("requirements.txt"), pins("tests/requirements.txt")
    assert {name: tests.get(name) for name in production} == production


@pytest.mark.parametrize("name", ["requirements.txt", "tests/requirements.txt"])
def test_requirements_are_pinned_and_name_no_index(name: str) -> None:
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    requirements = [line for line in lines if line]
    assert [line for line in requirements if line.startswith("-") or "://" in line] == []
    assert [line for line in requirements if "==" not in line] == []


def test_the_tools_for_javascript_are_pinned_exactly() -> None:
    import json

    tools = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert [name for name, wanted in tools.items() if not re.fullmatch(r"\d+\.\d+\.\d+", wanted)] == []
