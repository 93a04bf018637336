#!/usr/bin/env python3
"""Entry point of every command: `python manage.py help` lists them."""

import os
import sys

DEMO_COMMANDS = {"demo", "demo_site"}
OWN_SET_UP = {"SECRET_KEY", "SECRET_KEY_FILE", "DATABASE_URL", "DATABASE_URL_FILE"}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    if DEMO_COMMANDS & set(sys.argv[1:2]) and not OWN_SET_UP & os.environ.keys():
        # Nothing here is set up for production, so the demo's commands need not be told that this is one.
        os.environ.setdefault("MODE", "demo")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
