"""One structured line an event on standard output; what could identify a person is taken out on the way."""

from chatsite.logs import configure

from .env import MODE, env

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING_CONFIG = None
configure(level=LOG_LEVEL, json=env.bool("LOG_JSON", default=MODE == "production"))
