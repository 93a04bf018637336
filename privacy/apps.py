from django.apps import AppConfig
from django.core import checks


class PrivacyConfig(AppConfig):
    name = "privacy"

    def ready(self) -> None:
        from privacy.checks import TAG, check_declarations

        checks.register(check_declarations, TAG)
