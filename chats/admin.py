"""What staff of the platform sees of chats: that they are there and how they are set up, never who wrote what."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from chats.models import Chat, Website


@admin.register(Website)
class WebsiteAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "workspace", "is_active", "seen_origin", "seen_at", "created_at")
    list_filter = ("is_active", "created_at")
    list_select_related = ("workspace",)
    search_fields = ("name", "key", "workspace__slug", "workspace__name")
    ordering = ("-id",)


@admin.register(Chat)
class ChatAdmin(ReadOnlyAdmin):
    """No name, address, text or page of a visitor: only states, counts and times."""

    list_display = ("id", "workspace", "website", "state", "head", "created_at", "accepted_at", "closed_at")
    list_filter = ("state", "created_at")
    list_select_related = ("workspace", "website")
    search_fields = ("=id", "workspace__slug")
    ordering = ("-created_at",)
    fields = ("id", "workspace", "website", "state", "head", "rev", "created_at", "accepted_at", "closed_at")
    show_full_result_count = False
