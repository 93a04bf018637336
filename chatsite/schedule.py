"""What runs by the clock: task name -> seconds. Every job is described in `docs/jobs.md`."""

from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep-mail": {"task": "accounts.tasks.sweep_mail", "schedule": 60.0},
    "forget-expired": {"task": "accounts.tasks.forget_expired", "schedule": 3600.0},
    "run-clocks": {"task": "chats.tasks.run_clocks", "schedule": 10.0},
}
