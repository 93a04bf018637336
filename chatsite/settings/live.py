"""Limits and clocks of the live core. The protocol's numbers are the defaults; the bench raises the rates."""

from .env import env

LIVE_TEXT_LIMIT = env.int("LIVE_TEXT_LIMIT", default=10_000)
LIVE_FRAME_LIMIT = env.int("LIVE_FRAME_LIMIT", default=64 * 1024)
LIVE_VISITOR_RATE = (env.float("LIVE_VISITOR_PER_S", default=5), env.int("LIVE_VISITOR_BURST", default=20))
LIVE_OPERATOR_RATE = (env.float("LIVE_OPERATOR_PER_S", default=20), env.int("LIVE_OPERATOR_BURST", default=60))
LIVE_VISITOR_SOCKETS = env.int("LIVE_VISITOR_SOCKETS", default=10)
LIVE_OPERATOR_SOCKETS = env.int("LIVE_OPERATOR_SOCKETS", default=20)
LIVE_UNSENT_FRAMES = 256
LIVE_UNSENT_BYTES = 1024 * 1024
LIVE_UNHANDLED_FRAMES = 50
LIVE_HELLO_SECONDS = env.float("LIVE_HELLO_SECONDS", default=10)
LIVE_HEARTBEAT_SECONDS = 25
LIVE_SILENCE_SECONDS = env.float("LIVE_SILENCE_SECONDS", default=150)
LIVE_SWEEP_SECONDS = env.float("LIVE_SWEEP_SECONDS", default=3)
LIVE_LEASE_SECONDS = 90
LIVE_ROW_INTERVAL = 0.25
LIVE_TYPING_SECONDS = 6
LIVE_TYPING_INTERVAL = 2
LIVE_CATCH_UP_LIMIT = 2_000
LIVE_PAGE = 200
LIVE_ROWS = 500
LIVE_DRAIN_MS = env.int("LIVE_DRAIN_MS", default=5_000)
LIVE_HOLDER_GRACE_SECONDS = env.float("LIVE_HOLDER_GRACE_SECONDS", default=120)

# New visitor sessions and new chats, each per truncated IP and website: (count, seconds).
LIVE_SESSIONS_PER_IP = (env.int("LIVE_SESSIONS_PER_IP", default=120), 3600)
LIVE_CHATS_PER_IP = (env.int("LIVE_CHATS_PER_IP", default=40), 3600)
LIVE_SESSIONS_PER_WEBSITE = (env.int("LIVE_SESSIONS_PER_WEBSITE", default=6_000), 60)
LIVE_CHATS_PER_WEBSITE = (env.int("LIVE_CHATS_PER_WEBSITE", default=600), 60)

VISITOR_TOKEN_SECONDS = env.int("VISITOR_TOKEN_SECONDS", default=12 * 3600)
VISITOR_RENEW_SECONDS = 30 * 24 * 3600
