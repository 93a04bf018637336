"""Every address of the service. Each app lists its own, flat, in its `urls.py`."""

from django.contrib import admin
from django.urls import include, path

from chatsite import health, views, views_dev

urlpatterns = [
    path("healthz/live", health.live, name="healthz_live"),
    path("healthz/ready", health.ready, name="healthz_ready"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("robots.txt", views.robots_txt, name="robots_txt"),
    path("dev/parts/", views_dev.parts, name="dev_parts"),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("chats.urls")),
]
