from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = "Catalogue"
    # Medicines are shown to those who prescribe and run the clinic; to everybody else these pages are
    # not there (TG Act s 42DLB; advertising to the public).
    is_secret = True

    def ready(self) -> None:
        from catalog.kinds import KINDS
        from messaging import kinds

        kinds.register(KINDS)
