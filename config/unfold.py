"""How the staff site looks: name, mark, colours. What is on it, ``clinic.desk`` says."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _file(path: str) -> Callable[[HttpRequest], str]:
    # Asked for at each page, because the hashed name is not known when settings are read.
    return lambda request: static(path)


# The portal's teal, and greys with a breath of it. Unfold writes white on 600 and, in the dark, 500 on
# 900 and 800: every such pair has a contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3).
TEAL = {
    "50": "oklch(98% .012 186)",
    "100": "oklch(95% .028 186)",
    "200": "oklch(90% .055 185)",
    "300": "oklch(83.5% .088 184)",
    "400": "oklch(76.5% .112 184)",
    "500": "oklch(70% .115 184)",
    "600": "oklch(51.1% .087 187)",
    "700": "oklch(43.7% .074 188)",
    "800": "oklch(37.5% .062 190)",
    "900": "oklch(32% .05 192)",
    "950": "oklch(23% .037 195)",
}
SLATE = {
    "50": "oklch(98.4% .003 200)",
    "100": "oklch(96.4% .006 200)",
    "200": "oklch(91.8% .01 200)",
    "300": "oklch(86% .014 205)",
    "400": "oklch(71.5% .022 208)",
    "500": "oklch(53% .026 210)",
    "600": "oklch(44.5% .028 212)",
    "700": "oklch(37% .028 213)",
    "800": "oklch(28.5% .024 214)",
    "900": "oklch(22% .019 214)",
    "950": "oklch(16.5% .015 214)",
}

UNFOLD = {
    "SITE_TITLE": "ProMedicine",
    "SITE_HEADER": "ProMedicine",
    "SITE_SUBHEADER": "Practice desk",
    "SITE_ICON": {"light": _file("desk/logo-light.svg"), "dark": _file("desk/logo-dark.svg")},
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _file("desk/favicon.svg")}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "COLORS": {"primary": TEAL, "base": SLATE},
    "STYLES": [_file("desk/desk.css")],
    "SCRIPTS": [_file("desk/desk.js")],
    "ENVIRONMENT": "clinic.desk.environment",
    "ENVIRONMENT_TITLE_PREFIX": "clinic.desk.title_prefix",
    "DASHBOARD_CALLBACK": "clinic.boards.fill",
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": "clinic.desk.sidebar"},
    "ACCOUNT": {
        "navigation": [
            {"title": "Change password", "link": reverse_lazy("account_change_password")},
            {"title": "Second factor", "link": reverse_lazy("otp-devices")},
            {"title": "Your sessions", "link": reverse_lazy("sessions")},
        ]
    },
    # Names of patients stay neither in the browser (show_history) nor in the cache (StaffSite.search).
    "COMMAND": {"search_models": False, "show_history": False, "search_callback": "clinic.finding.hits"},
}
