"""Settings by topic. Each module reads its own part of the environment; `docs/settings.md` lists every name."""

from .env import DATA_DIR, DEMO, MODE, PRODUCTION, ROOT
from .base import *  # isort: skip
from .security import *
from .database import *
from .static import *
from .sign_in import *
from .mail import *
from .jobs import *
from .live import *
from .logs import *

__all__ = ["DATA_DIR", "DEMO", "MODE", "PRODUCTION", "ROOT"]
