"""Entry point of the server."""

import gc
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
site = get_asgi_application()

from billing.views.webhooks import StripeDoor  # noqa: E402  the apps are ready only now

application = StripeDoor(site)

# What is loaded by now stays for as long as the process: the collector need not look through it again and
# again. A request makes some ten thousand objects, nearly all of which go without it.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
