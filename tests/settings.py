"""The suite's settings: the product's own, in `test` mode, with what a test must not share or wait for replaced."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("MODE", "test")
os.environ.setdefault("SECRET_KEY", "only-for-the-suite-" + "x" * 32)
if "DATA_DIR" not in os.environ:
    # Workers of the suite inherit it; the process that made it removes it.
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="chatsite-tests-")
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
os.environ.setdefault("INSECURE_HTTP", "1")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,127.0.0.1,localhost")

if os.environ.get("REDIS_URL"):
    # One Redis database a worker of the suite: clearing the cache of one must not empty another's.
    _worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{_worker + 1}"

from chatsite.settings import *
from chatsite.settings import DATA_DIR, DATABASES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not shared memory: that one answers "table is locked" at once and ignores the timeout.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(DATA_DIR) / "test.sqlite3")}
else:
    DATABASES["default"]["OPTIONS"].pop("pool", None)
CELERY_TASK_ALWAYS_EAGER = False
