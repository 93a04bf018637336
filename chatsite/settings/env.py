"""Typed readers of the environment, and the three modes everything else depends on.

`MODE` is `production` unless said otherwise, so that forgetting to set it is the safe mistake:
`demo` is what `make run` uses (demo data, mail shown in the browser), `test` is the suite's.
"""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent.parent

env = environ.Env()

MODES = ("production", "demo", "test")
MODE = env.str("MODE", default="production")
if MODE not in MODES:
    raise ImproperlyConfigured(f"MODE is {MODE!r}; it must be one of {', '.join(MODES)}.")

DEMO = MODE == "demo"
PRODUCTION = MODE == "production"

DATA_DIR = Path(env.str("DATA_DIR", default=str(ROOT / "var"))).resolve()


def secret(name: str, default: str = "") -> str:
    """`NAME`, or the stripped content of the file that `NAME_FILE` points at."""
    path = env.str(f"{name}_FILE", default="")
    if not path:
        return str(env.str(name, default=default))
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE points at {path}, which cannot be read: {error.strerror}.") from None
