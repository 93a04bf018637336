"""What staff of the platform sees of accounts: who, where, in which role; no password, no content of a mail."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.http import HttpRequest

from accounts.domain import users
from accounts.models import AuditEntry, Mail, Membership, User, Workspace

if TYPE_CHECKING:
    # Generic for the type checker only.
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline


# allauth's pages would let staff read second factors and tokens, or give an account another address and take it over.
# Their modules are imported first, so that the admin's own discovery finds nothing left to register.
for module in ("allauth.account.admin", "allauth.mfa.admin", "allauth.socialaccount.admin"):
    import_module(module)
admin.site.unregister((EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken))

# The admin's own form knows neither the limits on wrong passwords nor a second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class ReadOnlyAdmin(ModelAdmin):
    """Rows that are looked at. Whoever may change them does it through the verbs that audit it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipInline(TabularInline):
    model = Membership
    fields = ("workspace", "user", "role", "joined_at", "last_seen_at", "removed_at")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(ModelAdmin):
    list_display = ("id", "email", "name", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "date_joined")
    search_fields = ("email", "name")
    ordering = ("-id",)
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "groups", "date_joined", "last_login")
    readonly_fields = ("email", "name", "date_joined", "last_login")
    filter_horizontal = ("groups",)
    inlines = (MembershipInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser makes staff; nobody makes themselves more or less than they are."""
        if request.user.is_superuser and obj != request.user:
            return self.readonly_fields
        return (*self.readonly_fields, "is_active", "is_staff", "is_superuser", "groups")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "is_active" in form.changed_data and isinstance(request.user, User):
            users.set_active(user=obj, active=obj.is_active, actor=request.user)


@admin.register(Workspace)
class WorkspaceAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "slug", "state", "seat_limit", "created_at")
    list_filter = ("state", "created_at")
    search_fields = ("name", "slug")
    ordering = ("-id",)
    inlines = (MembershipInline,)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("id", "workspace", "user_email", "role", "joined_at", "last_seen_at", "removed_at")
    list_filter = ("role", ("removed_at", admin.EmptyFieldListFilter))
    list_select_related = ("workspace", "user")
    search_fields = ("workspace__slug", "workspace__name", "user__email", "user__name")
    ordering = ("-id",)

    @admin.display(description="E-mail", ordering="user__email")
    def user_email(self, membership: Membership) -> str:
        return membership.user.email


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    """Whether a mail has left; what it says is between its writer and its reader."""

    list_display = ("id", "kind", "mail_class", "to", "state", "attempts", "created_at", "sent_at")
    list_filter = ("state", "mail_class", "kind")
    search_fields = ("to",)
    ordering = ("-id",)
    fields = ("kind", "mail_class", "to", "state", "attempts", "due_at", "created_at", "sent_at", "workspace", "user")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "at", "action", "target", "workspace", "actor")
    list_filter = ("action", "at")
    list_select_related = ("workspace", "actor")
    search_fields = ("action", "target", "workspace__slug")
    ordering = ("-id",)
    show_full_result_count = False
