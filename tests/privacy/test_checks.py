"""A field that nobody declared is an error, with the words to write; so is a declaration of nothing."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO

import pytest
from django.apps import apps
from django.core import checks
from django.core.management import CommandError, call_command
from django.db import models

from accounts.models import AuditEntry, Membership, User, Workspace
from privacy import contract
from privacy.checks import TAG, check_declarations, fields_of, problems
from privacy.contract import (
    BASES,
    Category,
    DataMap,
    Declaration,
    Erase,
    Json,
    Keep,
    Link,
    Model,
    NotPersonal,
    Personal,
    Purpose,
    Retention,
    Source,
    plain,
)
from privacy.discovery import data_map

PERSONAL = Personal(Category.IDENTITY, (Purpose.OPERATE,), Retention.ACCOUNT, Source.PERSON, Erase.CLEAR)


def test_every_field_of_every_model_is_declared() -> None:
    assert check_declarations() == []


def test_it_is_a_system_check(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.run_checks(tags=[TAG]) == []
    monkeypatch.setattr("privacy.checks.data_map", DataMap)
    assert "accounts.User is not declared." in [problem.msg for problem in checks.run_checks(tags=[TAG])]


def test_third_party_apps_are_no_exception() -> None:
    declared = set(data_map().models)
    assert {"sessions.session", "account.emailaddress", "mfa.authenticator", "admin.logentry"} <= declared


def changed(model: type[models.Model], **fields: Declaration | None) -> list[checks.CheckMessage]:
    """What is said about `model` if these declarations of it were different (None: missing)."""
    found = data_map()
    label = model._meta.label_lower
    old = found.models[label]
    new: Mapping[str, Declaration] = {
        name: declaration for name, declaration in {**old.fields, **fields}.items() if declaration is not None
    }
    found.models[label] = Model(old.label, fields=new, subject=old.subject)
    return list(problems(apps.get_models(), found))


def test_an_undeclared_field_is_named_with_what_to_write() -> None:
    (problem,) = changed(User, name=None)
    assert problem.msg == "accounts.User.name is not declared."
    assert problem.obj is User
    assert problem.hint is not None
    assert "accounts/personal_data.py" in problem.hint
    assert '"name": Personal(category, purposes, retention, source, on_erase)' in problem.hint


def test_an_undeclared_reference_and_json_field_get_their_own_words() -> None:
    (reference,) = changed(Membership, user=None)
    (json,) = changed(AuditEntry, facts=None)
    assert "Link(Erase.DETACH)" in str(reference.hint)
    assert "Json(" in str(json.hint)


def test_an_undeclared_many_to_many_field_is_found() -> None:
    assert [problem.id for problem in changed(Membership, departments=None)] == ["privacy.E001"]


def test_an_undeclared_model_is_named_with_all_its_fields() -> None:
    found = data_map()
    del found.models["accounts.workspace"]
    (problem,) = problems(apps.get_models(), found)
    assert problem.msg == "accounts.Workspace is not declared."
    for field in fields_of(Workspace):
        assert field.name in str(problem.hint)


def test_a_declaration_of_a_field_that_is_gone_is_stale() -> None:
    (problem,) = changed(User, shoe_size=NotPersonal("gone"))
    assert problem.id == "privacy.E002"
    assert "shoe_size" in problem.msg


def test_a_declaration_of_a_model_that_is_gone_is_stale() -> None:
    found = data_map()
    found.add([Model("accounts.Shoe", fields=plain("size"))], [])
    (problem,) = problems(apps.get_models(), found)
    assert (problem.id, "accounts.Shoe" in problem.msg) == ("privacy.E002", True)


def test_a_model_is_declared_once() -> None:
    found = data_map()
    found.add([found.models["accounts.workspace"]], [])
    assert [problem.id for problem in problems(apps.get_models(), found)] == ["privacy.E003"]


def test_a_text_field_that_is_not_personal_says_why() -> None:
    assert [problem.id for problem in changed(Workspace, name=NotPersonal())] == ["privacy.E005"]
    assert changed(Workspace, name=NotPersonal("a firm's name")) == []
    assert changed(Workspace, state=NotPersonal()) == [], "a choice from a fixed list hides nothing"


def test_a_json_field_is_declared_by_its_keys() -> None:
    assert [problem.id for problem in changed(AuditEntry, facts=NotPersonal("facts"))] == ["privacy.E004"]
    assert [problem.id for problem in changed(User, name=Json({"a": PERSONAL}))] == ["privacy.E004"]


def test_a_reference_to_a_person_is_a_link() -> None:
    assert [problem.id for problem in changed(Membership, user=NotPersonal())] == ["privacy.E006"]
    assert [problem.id for problem in changed(Membership, workspace=Link(Erase.DETACH))] == ["privacy.E006"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Personal(Category.IDENTITY, (), Retention.ACCOUNT, Source.PERSON, Erase.CLEAR),
        lambda: Personal(Category.IDENTITY, (Purpose.OPERATE,), Retention.ACCOUNT, Source.PERSON, Erase.KEEP),
        lambda: Personal(
            Category.IDENTITY, (Purpose.OPERATE,), Retention.ACCOUNT, Source.PERSON, Erase.CLEAR, Keep("a law", 10)
        ),
        lambda: Keep("", 10),
        lambda: Keep("a law", 0),
        lambda: Link(Erase.CLEAR),
        lambda: Json({}),
        lambda: Json({"key": NotPersonal()}),
    ],
)
def test_a_declaration_that_makes_no_sense_cannot_be_written(wrong: object) -> None:
    assert callable(wrong)
    with pytest.raises(ValueError, match=r"need|cut|kept|names"):
        wrong()


def test_what_is_kept_names_the_statute_and_the_years() -> None:
    kept = Personal(
        Category.IDENTITY, (Purpose.OPERATE,), Retention.ACCOUNT, Source.PERSON, Erase.KEEP, Keep("a tax law", 10)
    )
    assert kept.keep == Keep("a tax law", 10)


def test_every_purpose_has_its_lawful_basis() -> None:
    assert set(BASES) == set(Purpose)


def test_selling_and_sharing_for_advertising_are_no_purposes() -> None:
    words = " ".join(purpose.name + " " + purpose.value for purpose in Purpose).lower()
    assert not any(word in words for word in ("sell", "sale", "rent", "advert", "share", "marketing"))


def test_the_contract_needs_the_standard_library_only() -> None:
    names = {getattr(value, "__module__", "") for value in vars(contract).values()}
    assert not any(name.split(".")[0] in {"django", "accounts", "chats", "billing"} for name in names if name)


def test_undeclared_keys_of_a_value_are_told() -> None:
    declaration = Json({"role": NotPersonal("a role")})
    assert declaration.undeclared({"role": "owner"}) == set()
    assert declaration.undeclared({"role": "owner", "phone": "1"}) == {"phone"}
    assert declaration.undeclared([1]) == {"[]"}
    assert Json({"*": NotPersonal("anything")}).undeclared({"a": 1}) == set()
    assert Json({"[]": NotPersonal("anything")}).undeclared([1]) == set()


def test_the_command_says_that_all_is_well_and_prints_the_map() -> None:
    out = StringIO()
    call_command("privacy_check", "--list", stdout=out)
    assert "all declared" in out.getvalue()
    assert "accounts.User (account user)" in out.getvalue()


def test_the_command_fails_on_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privacy.checks.data_map", DataMap)
    err = StringIO()
    with pytest.raises(CommandError, match="problems"):
        call_command("privacy_check", stderr=err)
    assert "accounts.User is not declared." in err.getvalue()


def test_a_json_value_with_a_key_that_is_not_declared_is_not_stored_in_a_test(db: None) -> None:
    with pytest.raises(AssertionError, match="not declared: phone"):
        AuditEntry.objects.create(action="test", facts={"phone": "1"})
