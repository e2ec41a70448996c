from django.contrib.admin.apps import AdminConfig


class StaffSiteConfig(AdminConfig):
    """Django's admin with our site as ``admin.site``."""

    default_site = "config.admin.StaffSite"
