"""The guards are on the answers that nobody thinks of, too."""

from __future__ import annotations

import pytest
from django.test import Client, override_settings


@pytest.mark.parametrize(
    ("host", "status"), [("evil.example", 400), ("testserver", 301), ("testserver@evil.example", 400), ("[::1", 400)]
)
@override_settings(SECURE_SSL_REDIRECT=True, ALLOWED_HOSTS=["testserver"])
def test_a_refusal_before_any_view_carries_the_policy(host: str, status: int) -> None:
    answer = Client().get("/accounts/login/", headers={"host": host})
    assert answer.status_code == status
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "camera=()" in answer["Permissions-Policy"]
    assert "evil.example" not in answer.get("Location", "")
    assert b"evil.example" not in answer.content
