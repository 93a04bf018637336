"""Settings by topic. Each module reads its own part of the environment; `docs/settings.md` lists every name."""

# ruff: noqa: I001 - in reading order
from .env import DATA_DIR as DATA_DIR, DEMO as DEMO, MODE as MODE, PRODUCTION as PRODUCTION, ROOT as ROOT
from .base import *
from .security import *
from .database import *
from .static import *
from .sign_in import *
from .mail import *
from .jobs import *
from .live import *
from .logs import *
