"""Who may use what. The order of apps and rooms is import-linter's (`make lint`); this is the rest."""

from __future__ import annotations

import ast

from tests.house.tree import APPS, ROOT, functions, imports, modules, name_of, parsed

MODEL_SIGNALS = {"pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed", "pre_init", "post_init"}


def users_of(*packages: str) -> set[str]:
    return {
        name_of(path)
        for path in modules()
        for name in imports(path)
        if any(name == package or name.startswith(f"{package}.") for package in packages)
    }


def test_stripe_is_imported_in_the_gateway_only() -> None:
    assert users_of("stripe") - {"billing/gateway.py"} == set()


def test_the_channel_layer_is_used_in_the_hub_only() -> None:
    assert users_of("channels.layers", "channels_redis") - {"chats/live/hub.py", "chats/live/presence.py"} == set()


def test_requests_to_the_outside_are_made_in_one_place_only() -> None:
    """Fetching an address that somebody else chose needs a guard; there is one module that has it."""
    allowed = {"accounts/domain/outgoing.py", "chatsite/management/commands/demo_site.py", "billing/gateway.py"}
    assert users_of("requests", "httpx", "aiohttp", "urllib.request", "urllib3") - allowed == set()


def test_model_signals_are_not_used() -> None:
    used = {
        name_of(path)
        for path in modules()
        for name in imports(path)
        if name.startswith("django.db.models.signals") or name.rpartition(".")[2] in MODEL_SIGNALS
    }
    assert used == set()


def test_migrations_do_not_import_code_that_will_move_on() -> None:
    """A migration must still run when the app has changed. Column defaults are the exception Django itself writes."""
    offenders = {
        f"{name_of(path)}: {name}"
        for path in modules(migrations=True)
        if "migrations" in path.parts
        for name in imports(path)
        if name.split(".")[0] in (*APPS, "chatsite")
    }
    offenders -= {entry for entry in offenders if entry.endswith((".models.ids", ".models.website", ".models.user"))}
    assert offenders == set()


def test_tasks_call_one_verb_and_hold_no_rule() -> None:
    long = {
        f"{app}.tasks.{function.name}"
        for app in APPS
        if (ROOT / app / "tasks.py").exists()
        for function in functions(ROOT / app / "tasks.py")
        if len([node for node in function.body if not _is_docstring(node)]) > 3
    }
    assert long == set()


def test_views_never_write_to_the_database_themselves() -> None:
    writing = {"save", "create", "bulk_create", "update", "bulk_update", "delete", "get_or_create", "update_or_create"}
    offenders = {
        f"{name_of(path)}:{node.lineno} .{node.func.attr}()"
        for path in modules()
        if "views" in path.parts or "api" in path.parts
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in writing
        and "objects" in ast.unparse(node.func.value)
    }  # fmt: skip
    assert offenders == set()


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
