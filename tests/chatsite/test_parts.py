"""The partials and what they stand on: names, fields, icons, and what no template or style sheet may contain."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import MinimumLengthValidator, get_default_password_validators
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.template import Context
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.access import LAST_WORKSPACE
from accounts.models import Membership, User
from chatsite.plots import bars, round_step
from chatsite.templatetags.parts import HUES, current_member, current_section, hue, initials

ROOT = Path(settings.ROOT)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PAGES = [path for path in TEMPLATES if "mail" not in path.relative_to(ROOT).parts]
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
SCRIPTS = sorted(path for folder in ("js", "console") for path in (ROOT / "static" / folder).rglob("*.js"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Alice", "A"),
        ("Harbour Coffee", "HC"),
        ("the hill of books", "TB"),
        ("Visitor 4F2A", "V4"),
        ("(deleted)", "?"),
        ("", "?"),
        ("李 小龙", "李小"),
    ],
)
def test_initials_are_those_of_the_first_and_the_last_word(name: str, expected: str) -> None:
    assert initials(name) == expected


def test_a_hue_is_always_the_same_for_the_same_id() -> None:
    assert hue("5fb2c0d1") == hue("5fb2c0d1")
    assert {hue(number) for number in range(10, 100)} == set(range(HUES))


def test_the_section_is_found_by_the_address() -> None:
    request = SimpleNamespace(resolver_match=SimpleNamespace(url_name="transcript"))
    assert current_section(Context({"request": request})) == "closed"


def test_a_view_may_name_the_section_itself() -> None:
    request = SimpleNamespace(resolver_match=SimpleNamespace(url_name="team"))
    assert current_section(Context({"request": request, "section": "settings"})) == "settings"


def test_an_address_of_no_section_marks_nothing() -> None:
    assert current_section(Context({"request": SimpleNamespace(resolver_match=None)})) == ""


def _context_of(user: User, workspace: str) -> Context:
    request = RequestFactory().get("/profile/")
    request.user = user
    request.session = SessionStore()
    request.session[LAST_WORKSPACE] = workspace
    return Context({"request": request})


def test_a_page_of_no_workspace_keeps_the_rail_of_the_last_one(alice: User, owner: Membership) -> None:
    assert current_member(_context_of(alice, "harbour")) == owner


def test_the_rail_of_a_workspace_that_one_was_removed_from_is_gone(dave: User) -> None:
    assert current_member(_context_of(dave, "harbour")) is None


def test_a_stranger_gets_no_rail_of_a_workspace(mallory: User) -> None:
    assert current_member(_context_of(mallory, "harbour")) is None


class Sample(forms.Form):
    name = forms.CharField(label="Name", help_text="Visitors see it.")
    nick = forms.CharField(label="Nick", required=False)
    loud = forms.BooleanField(label="Loud", required=False, widget=forms.CheckboxInput(attrs={"role": "switch"}))
    side = forms.ChoiceField(label="Side", choices=[("l", "Left")], widget=forms.RadioSelect)


def test_a_form_draws_itself_with_the_parts() -> None:
    drawn = str(Sample())
    assert '<div class="field">' in drawn
    assert '<div class="field check">' in drawn
    assert '<fieldset class="field"' in drawn
    assert drawn.count("(optional)") == 1


def test_hint_and_error_are_tied_to_their_field() -> None:
    drawn = str(Sample({"side": "l"}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in drawn
    assert 'id="id_name_helptext"' in drawn
    assert 'id="id_name_error"' in drawn
    assert 'aria-invalid="true"' in drawn


def test_what_people_type_is_escaped_in_every_part() -> None:
    evil = "<b>x</b>"
    drawn = [
        render_to_string("parts/code.html", {"text": evil}),
        render_to_string("parts/notice.html", {"text": evil}),
        render_to_string("parts/toast.html", {"text": evil, "tone": "danger"}),
        render_to_string("parts/empty.html", {"title": evil, "text": evil}),
        render_to_string("parts/avatar.html", {"name": evil, "key": evil}),
        str(Sample({"name": evil})),
    ]
    assert [text for text in drawn if "<b>" in text] == []


def test_an_error_is_announced_and_good_news_is_not_an_alert() -> None:
    assert 'role="alert"' in render_to_string("parts/toast.html", {"text": "x", "tone": "danger"})
    assert 'role="alert"' not in render_to_string("parts/toast.html", {"text": "x", "tone": "positive"})


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_an_error_page_can_be_drawn_with_nothing_at_hand(name: str) -> None:
    assert "Back to the start" in render_to_string(f"{name}.html")


def test_the_page_of_parts_exists_in_demo_mode_only(client: Client, settings: Settings, db: None) -> None:
    settings.DEMO = False
    assert client.get("/dev/parts/").status_code == 404
    settings.DEMO = True
    assert client.get("/dev/parts/").status_code == 200


def test_the_hint_beside_a_new_password_says_the_length_that_is_asked_for() -> None:
    lengths = [v.min_length for v in get_default_password_validators() if isinstance(v, MinimumLengthValidator)]
    hints = [
        path.read_text(encoding="utf-8") for path in PAGES if "no common password" in path.read_text(encoding="utf-8")
    ]
    assert hints
    assert all(f"At least {lengths[0]} characters" in hint for hint in hints)


def test_every_icon_that_is_used_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons/sprite.svg").read_text(encoding="utf-8")))
    named = (
        {
            name
            for path in PAGES
            for name in re.findall(r'parts/icon\.html" with name="([^"]+)"', path.read_text(encoding="utf-8"))
        }
        | {name for path in PAGES for name in re.findall(r'\bicon="([^"]+)"', path.read_text(encoding="utf-8"))}
        | {name for path in SCRIPTS for name in re.findall(r'\bicon\("([^"]+)"', path.read_text(encoding="utf-8"))}
    )
    assert named
    assert named - drawn == set()


def test_the_sprite_holds_what_its_list_names_and_nothing_else() -> None:
    drawn = re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons/sprite.svg").read_text(encoding="utf-8"))
    assert drawn == sorted((ROOT / "static/icons/names.txt").read_text(encoding="utf-8").split())


def test_no_icon_is_carried_for_nothing() -> None:
    code = [ROOT / app for app in ("chatsite", "accounts", "chats", "billing", "privacy")]
    files = [*PAGES, *SCRIPTS, *(path for folder in code for path in folder.rglob("*.py"))]
    words = set(re.findall(r"""["']([a-z0-9-]+)["']""", "\n".join(path.read_text(encoding="utf-8") for path in files)))
    assert set((ROOT / "static/icons/names.txt").read_text(encoding="utf-8").split()) - words == set()


INLINE = re.compile(r"""\sstyle\s*=|<style\b|\son[a-z]+\s*=\s*["']|javascript:""", re.IGNORECASE)
BODY = re.compile(r"<script\b([^>]*)>\s*([^<\s])", re.IGNORECASE)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_no_inline_style_or_script(path: Path) -> None:
    text = re.sub(
        r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    assert INLINE.findall(text) == []
    assert [attributes for attributes, _ in BODY.findall(text) if "application/json" not in attributes] == []


RAW = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgb|rgba|hsl|hsla|oklch|oklab)\(", re.IGNORECASE)


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_colours_have_their_values_in_the_tokens_only(path: Path) -> None:
    if path.name == "tokens.css":
        return
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert RAW.findall(text) == []


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_a_style_sheet_uses_tokens_that_exist(path: Path) -> None:
    known = set(re.findall(r"(--[a-z0-9-]+)\s*:", "\n".join(style.read_text(encoding="utf-8") for style in STYLES)))
    used = re.findall(r"var\((--[a-z0-9-]+)\)", path.read_text(encoding="utf-8"))
    assert set(used) - known == set()


@pytest.mark.parametrize(("highest", "step"), [(0, 1), (3, 1), (4, 1), (7, 2), (26, 10), (4100, 2000)])
def test_grid_lines_stand_at_round_distances(highest: float, step: float) -> None:
    assert round_step(highest) == step


def test_a_plot_fits_into_its_frame_and_names_some_of_its_bars() -> None:
    plot = bars(title="Chats", unit="chats", axis="Day", points=[(str(day), float(day)) for day in range(30)])
    assert all(
        0 <= bar.y <= plot.base and bar.y + bar.height == pytest.approx(plot.base, abs=0.02) for bar in plot.bars
    )
    assert 0 < sum(bar.named for bar in plot.bars) <= 8
    assert "<rect" in render_to_string("parts/plot.html", {"plot": plot})


def test_a_plot_of_nothing_is_an_empty_frame() -> None:
    plot = bars(title="Chats", unit="chats", axis="Day", points=[])
    assert plot.bars == []
    assert "<rect" not in render_to_string("parts/plot.html", {"plot": plot})
