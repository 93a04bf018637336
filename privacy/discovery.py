"""Finds what every app declares, as the admin finds every `admin.py`."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from privacy.contract import DataMap

MODULE = "personal_data"


def data_map() -> DataMap:
    found = DataMap()
    for app in apps.get_app_configs():
        if app.module is not None and module_has_submodule(app.module, MODULE):
            module = import_module(f"{app.name}.{MODULE}")
            found.add(getattr(module, "MODELS", ()), getattr(module, "STORES", ()))
    return found
