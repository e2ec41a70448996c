from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing.kinds import KINDS
        from messaging import kinds

        kinds.register(KINDS)
