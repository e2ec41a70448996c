"""The doctors' registrations."""

from __future__ import annotations

from django.contrib import admin
from django.shortcuts import redirect
from django.urls import URLPattern
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import action, display

from clinic import enrolling
from clinic.admin import revenue
from clinic.forms.accounts import SigningDialog
from clinic.forms.identifiers import PractitionerForm
from clinic.models import Practitioner, Role
from config.admin import RecordAdmin, step


@admin.register(Practitioner)
class PractitionerAdmin(RecordAdmin):
    linked_lookups = ("verified_at",)
    form = PractitionerForm
    list_display = [
        "show_name",
        "speciality",
        "ahpra_number",
        "show_verified",
        "accepts_patients",
        "time_zone",
    ]
    list_select_related = ["user"]
    list_filter = [("accepts_patients", BooleanRadioFilter)]
    search_fields = ["user__family_name", "user__given_name", "user__email", "ahpra_number"]
    ordering = ["user__family_name", "user__given_name", "pk"]
    fieldsets = [
        (
            "Registration",
            {
                "classes": ["tab"],
                "fields": [
                    "user",
                    ("ahpra_number", "hpii"),
                    "prescriber_number",
                    ("provider_number", "provider_postcode"),
                    "acknowledged",
                    ("verified_at", "verified_by"),
                ],
            },
        ),
        (
            "For patients",
            {
                "classes": ["tab"],
                "fields": [
                    ("title", "qualifications"),
                    "speciality",
                    "about",
                    "accepts_patients",
                    ("time_zone", "state"),
                ],
            },
        ),
    ]
    readonly_fields = ["verified_at", "verified_by"]
    actions_detail = ["verify", "calendar"]

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), *(["user"] if obj else [])]

    def get_field_queryset(self, db, db_field, request):
        people = super().get_field_queryset(db, db_field, request)
        if db_field.name == "user":
            return people.filter(role=Role.DOCTOR, practitioner=None)
        return people

    def save_model(self, request, obj, form, change):
        enrolling.change_details(obj, changed=form.changed_data, by=request.user, why=form.why)

    @display(description="Doctor", ordering="user__family_name")
    def show_name(self, practitioner: Practitioner) -> str:
        return str(practitioner)

    def get_urls(self) -> list[URLPattern]:
        return [*revenue.urls(self.admin_site.admin_view), *super().get_urls()]

    @display(description="Registration", label={"Verified": "success", "To be verified": "warning"})
    def show_verified(self, practitioner: Practitioner) -> str:
        return "Verified" if practitioner.verified_at else "To be verified"

    @step(
        "Verify registration",
        may="verify",
        form=SigningDialog,
        icon="verified_user",
        text="You looked the number up in Ahpra’s public register, and name and profession fit.",
    )
    def verify(self, request, practitioner: Practitioner, form: SigningDialog) -> str:
        enrolling.verify_practitioner(practitioner, by=request.user)
        return f"{practitioner} is verified and may prescribe."

    @action(description="My calendar", permissions=["own"], icon="calendar_add_on")
    def calendar(self, request, object_id):
        return redirect("calendar")

    def has_own_permission(self, request, object_id=None) -> bool:
        return self.get_queryset(request).filter(pk=object_id, user=request.user).exists()

    def has_verify_permission(self, request, object_id=None) -> bool:
        waiting = self.get_queryset(request).filter(pk=object_id, verified_at=None)
        return request.user.has_perm("clinic.verify_practitioner") and waiting.exists()
