"""Entry point of the server."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
site = get_asgi_application()

from billing.views.webhooks import StripeDoor  # noqa: E402  the apps are ready only now

application = StripeDoor(site)
