"""Logging out, wherever it is done, closes the sockets of that session."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.signals import access_revoked


@pytest.mark.parametrize("path", ["/accounts/logout/", "/admin/logout/"])
def test_logging_out_tells_the_key_of_the_session(
    sam_client: Client, path: str, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    heard: list[object] = []

    def on_revoked(session_key: str | None, **_: object) -> None:
        heard.append(session_key)

    key = sam_client.session.session_key
    access_revoked.connect(on_revoked)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert sam_client.post(path).status_code in {200, 302}
    finally:
        access_revoked.disconnect(on_revoked)
    assert heard == [key]
