"""The inbox page with an empty workspace, and with 100,000 chats and 1,000,000 messages in it."""

from __future__ import annotations

import http.client
import json
import statistics
import time

import psycopg

from tests.bench.processes import run_python
from tests.bench.stage import Stage
from tests.bench.systems import Chatsite
from tests.bench.table import Needed, Row

CHATS, MESSAGES_EACH = 100_000, 10
# So many of them are open; a desk with more than that has another problem than this page.
OPEN = 400

FILL_VISITORS = """
INSERT INTO chats_visitor (id, workspace_id, website_id, name, email, phone, ip, browser, system, tokens_from,
    created_at, seen_at)
SELECT gen_random_uuid(), %(workspace)s, %(website)s, '', '', '', '', '', '', now(), now(), now()
FROM generate_series(1, %(chats)s)
"""
FILL_CHATS = """
INSERT INTO chats_chat (id, workspace_id, website_id, visitor_id, operator_id, state, head, visitor_head,
    visitor_read, rev, unread, waiting_since, created_at, accepted_at, closed_at, last_at, last_kind, last_text,
    last_author_type, last_author_name, page_url, page_title, referrer_origin)
SELECT gen_random_uuid(), %(workspace)s, %(website)s, id, NULL,
    CASE WHEN number <= %(open)s THEN 'queued' ELSE 'closed' END, %(each)s, %(each)s, 0, number, 1,
    CASE WHEN number <= %(open)s THEN now() - number * interval '1 second' END,
    now() - number * interval '1 minute', NULL,
    CASE WHEN number > %(open)s THEN now() - number * interval '1 minute' END,
    now() - number * interval '1 minute', 'text', 'The last words of this chat', 'visitor', 'Visitor', '', '', ''
FROM (SELECT id, row_number() OVER () AS number FROM chats_visitor WHERE website_id = %(website)s) AS visitors
"""
FILL_MESSAGES = """
INSERT INTO chats_message (chat_id, number, visitor_number, kind, author_type, member_id, author_name, sender, cid,
    text, data, at)
SELECT id, number, number, 'text', 'visitor', NULL, '', 'visitor', gen_random_uuid()::text, repeat('word ', 24),
    NULL, now()
FROM chats_chat CROSS JOIN generate_series(1, %(each)s) AS number WHERE workspace_id = %(workspace)s
"""
COUNT_QUERIES = """
import json, sys
import django
django.setup()
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
settings.ALLOWED_HOSTS = ["*"]
client = Client()
name, _, value = sys.argv[2].partition("=")
client.cookies[name] = value
client.get(sys.argv[1])
with CaptureQueriesContext(connection) as captured:
    status = client.get(sys.argv[1]).status_code
print(json.dumps([status, len(captured)]))
"""


async def inbox(stage: Stage) -> None:
    services = stage.services("inbox", 5)
    system = stage.chatsite("PostgreSQL + Redis", services)
    system.start()
    part = "inbox page"
    try:
        empty, full = system.seed(workspaces=2, operators=1)
        stage.say("# filling 100,000 chats")
        _fill(services["DATABASE_URL"], full)
        times = {}
        for name, workspace in (("no chats", empty), ("100,000 chats, 1,000,000 messages", full)):
            times[name] = _page_times(system, workspace, 10 if stage.quick else 40)
            status, queries = _count_queries(system, workspace)
            middle = statistics.median(times[name])
            stage.row(Row(part, name, {"p50 ms": f"{middle:.1f}", "queries": str(queries), "status": str(status)}))
            stage.needed.append(Needed(f"inbox page, {name}, queries", queries, 12, at_most=True, unit=""))
        few, many = (statistics.median(values) for values in times.values())
        stage.needed.append(Needed("inbox page, full against empty", many / few, 2, at_most=True))
    finally:
        system.stop()


def _fill(dsn: str, workspace: dict[str, object]) -> None:
    values = {
        "workspace": workspace["workspace"], "website": workspace["website"], "chats": CHATS, "open": OPEN,
        "each": MESSAGES_EACH,
    }  # fmt: skip
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in (FILL_VISITORS, FILL_CHATS, FILL_MESSAGES):
            connection.execute(statement, values)
        connection.execute(
            "INSERT INTO chats_inbox (workspace_id, rev) VALUES (%(workspace)s, %(chats)s) "
            "ON CONFLICT (workspace_id) DO UPDATE SET rev = excluded.rev",
            values,
        )
        connection.execute("VACUUM ANALYZE")


def _page_times(system: Chatsite, workspace: dict[str, object], count: int) -> list[float]:
    """Milliseconds until the last byte, after three requests that do not count."""
    connection = http.client.HTTPConnection("127.0.0.1", system.processes[0].port, timeout=60)
    times = []
    for _ in range(count + 3):
        start = time.perf_counter()
        connection.request("GET", f"/w/{workspace['slug']}/", headers={"Cookie": _cookie(workspace)})
        answer = connection.getresponse()
        answer.read()
        times.append((time.perf_counter() - start) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"the inbox page answered {answer.status}")
    connection.close()
    return times[3:]


def _count_queries(system: Chatsite, workspace: dict[str, object]) -> tuple[int, int]:
    output = run_python(["-c", COUNT_QUERIES, f"/w/{workspace['slug']}/", _cookie(workspace)], system.environment)
    status, queries = json.loads(output.splitlines()[-1])
    return status, queries


def _cookie(workspace: dict[str, object]) -> str:
    operators = workspace["operators"]
    assert isinstance(operators, list)
    cookie: str = operators[0]["cookie"]
    return cookie
