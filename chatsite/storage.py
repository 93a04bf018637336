"""Static files under hashed names, ES modules' imports included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    # Without it the paths inside `import … from "./x.js"` stay unhashed, and a cached old module meets a new one.
    support_js_module_import_aggregation = True
