"""Every address of the site, with whatever of one patient's record stands in the place of each part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, get_resolver, reverse

SECRET = "x" * 20
WORDS = {
    ("clinic_encounter_do", "name"): "close",
    ("clinic_patient_care", "name"): "alert",
    ("clinic_incident_statement", "kind"): "txt",
    ("clinic_register", "name"): "s8-register",
    ("clinic_register_file", "name"): "s8-register",
    ("clinic_register_file", "kind"): "csv",
    ("clinic_revenue_file", "kind"): "csv",
    ("billing_statement_file", "kind"): "csv",
    ("statement-file", "kind"): "csv",
    ("catalog_import_download", "which"): "errors",
    ("app_list", "app_label"): "clinic",
    ("clinic_auditevent_life", "label"): "clinic.patient",
    ("consent-answer", "kind"): "marketing",
    ("page", "address"): "fees",
    ("portal-page", "address"): "rights",
    ("picture", "width"): 1,
    ("picture", "suffix"): "jpg",
    ("calendar-feed", "token"): SECRET,
    ("offers-end", "token"): SECRET,
    ("verify", "secret"): SECRET,
    ("account_confirm_email", "key"): SECRET,
    ("account_reset_password_from_key", "uidb36"): "x",
    ("account_reset_password_from_key", "key"): SECRET,
}
"""What stands in an address besides keys."""
OF = {
    "attachment": "messaging.attachment",
    "view_on_site": "clinic.patient",
    "call": "messaging.room",
    "file": "clinic.document",
    "my-data-file": "clinic.recordcopy",
    "my-data-withdraw": "clinic.privacyrequest",
    "picture": "clinic.media",
    "receipt": "billing.receipt",
    "room": "messaging.room",
    "session-end": "clinic.opensession",
    "slot": "clinic.slot",
    "waiting-offer": "clinic.waitlistoffer",
    "waiting-decline": "clinic.waitlistoffer",
    "waiting-leave": "clinic.waitlistentry",
    "appointment": "clinic.appointment",
    "clinic_auditevent_life": "clinic.patient",
    "clinic_roster_elsewhere": "clinic.appointment",
    "clinic_prescription_guard": "clinic.encounter",
    "billing_statement": "payer",
    "incident-notice": "clinic.incident",
    "clinic_revenue_file": "clinic.practitioner",
}
"""Whose key stands in the addresses that begin so, where the name does not tell it."""
PACKAGES = {"", "jsi18n"}
"""What Django's own site has besides: steps from older forms of an address to a page, words for scripts."""
GENERIC = ("changelist", "add", "change", "delete", "history", "simple_history")


class Address(NamedTuple):
    """One address: its name, and where it leads with the rows of ``world``."""

    name: str
    path: str


class Unknown(Exception):
    """Nobody said what stands in a part of an address."""


def all_patterns(resolver: Any = None, *, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every pattern with its full name."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            if (pattern.name or "") not in PACKAGES:
                yield space + pattern.name, pattern
        else:
            yield from all_patterns(
                pattern, space=space + (f"{pattern.namespace}:" if pattern.namespace else "")
            )


def all_names() -> set[str]:
    """The name of every address, the searches of admin forms among them."""
    return {name for name, _ in all_patterns()} - {"admin:autocomplete"} | set(_searches())


def all_addresses(rows: dict[str, Any]) -> list[Address]:
    """Every address once, filled with the keys of ``rows``."""
    found = {name: _path(name, pattern, rows) for name, pattern in all_patterns()} | _searches()
    del found["admin:autocomplete"]
    return [Address(name, path) for name, path in found.items()]


def _searches() -> dict[str, str]:
    """The one address that forms search by asks for a field of a model: each is one of its own here."""
    fields = [
        (model, field) for model, page in admin.site._registry.items() for field in page.autocomplete_fields
    ]
    asked = "{}?app_label={}&model_name={}&field_name={}&term=e"
    return {
        f"admin:autocomplete of {model._meta.label_lower}.{field}": asked.format(
            reverse("admin:autocomplete"), model._meta.app_label, model._meta.model_name, field
        )
        for model, field in fields
    }


def buttons() -> set[str]:
    """The addresses of the buttons that ask in a dialog: it is shown by GET as it is by POST."""
    pages = [(model._meta, page) for model, page in admin.site._registry.items()]
    return {
        f"admin:{meta.app_label}_{meta.model_name}_{name}"
        for meta, page in pages
        for name in page._extract_action_names(page.actions_detail)
        if hasattr(getattr(page, name), "dialog")
    }


def _path(name: str, pattern: URLPattern, rows: dict[str, Any]) -> str:
    plain = name.removeprefix("admin:")
    if plain.endswith("_simple_history"):  # its parts have no names
        row = rows[model_of(plain)]
        return reverse(name, args=[row.pk, row.history.first().pk])
    parts = [*getattr(pattern.pattern, "converters", {}), *pattern.pattern.regex.groupindex]
    return reverse(name, kwargs={part: _value(plain, part, rows) for part in parts})


def _value(name: str, part: str, rows: dict[str, Any]) -> Any:
    if (name, part) in WORDS:
        return WORDS[name, part]
    match part:
        case "sequence":
            return 1
        case "content_type_id":
            return ContentType.objects.get_for_model(rows["clinic.patient"]).pk
        case "slot" | "encounter":
            return rows[f"clinic.{part}"].pk
        case "revision":
            return rows[model_of(name)].history.first().pk
        case "pk" | "object_id":
            return rows[model_of(name)].pk
    raise Unknown(f"{name}: {part}")


def model_of(name: str) -> str:
    """The label of the model whose key stands in an address."""
    fitting = [start for start in OF if name.startswith(start)]
    if fitting:
        return OF[max(fitting, key=len)]
    labels = [model._meta.label_lower for model in admin.site._registry]
    fitting = [label for label in labels if name.startswith(label.replace(".", "_") + "_")]
    if not fitting:
        raise Unknown(name)
    return max(fitting, key=len)


def generic(name: str) -> tuple[str, str] | None:
    """Model and kind of a page that every admin has; None of one's own pages."""
    plain = name.removeprefix("admin:")
    for model in admin.site._registry:
        start = model._meta.label_lower.replace(".", "_") + "_"
        if name.startswith("admin:") and plain.startswith(start) and plain.removeprefix(start) in GENERIC:
            return model._meta.label_lower, plain.removeprefix(start)
    return None
