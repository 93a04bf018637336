from .audit import AuditEntry
from .mail import Mail, MailClass, MailState
from .user import Theme, User
from .workspace import Availability, Department, Membership, Role, Workspace, WorkspaceState

__all__ = [
    "AuditEntry",
    "Availability",
    "Department",
    "Mail",
    "MailClass",
    "MailState",
    "Membership",
    "Role",
    "Theme",
    "User",
    "Workspace",
    "WorkspaceState",
]
