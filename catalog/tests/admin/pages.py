"""Addresses of the catalogue's pages, and buttons pressed on them."""

from django.urls import reverse

ROWS = reverse("admin:catalog_importrow_changelist")


def page(record) -> str:
    return reverse(f"admin:catalog_{record._meta.model_name}_change", args=[record.pk])


def press(client, record, button, **answers):
    """Press a button of a record's page and send its dialog."""
    address = reverse(f"admin:catalog_{record._meta.model_name}_{button}", args=[record.pk])
    answer = client.post(address, {"_form_submitted": "1", **answers})
    record.refresh_from_db()
    return answer
