"""The practice's own settings."""

from django.contrib import admin
from django.shortcuts import redirect

from clinic.forms.public import PracticeForm
from clinic.models import Practice
from config.admin import RecordAdmin


@admin.register(Practice)
class PracticeAdmin(RecordAdmin):
    form = PracticeForm
    list_display = ["name", "phone", "email", "time_zone"]
    fieldsets = [
        (
            "Practice",
            {
                "classes": ["tab"],
                "fields": [
                    ("name", "legal_name"),
                    "abn",
                    ("street", "suburb"),
                    ("state", "postcode"),
                    ("phone", "email"),
                    "anchor_address",
                    "pages_by_two",
                ],
            },
        ),
        (
            "Bookings",
            {
                "classes": ["tab"],
                "fields": [
                    "time_zone",
                    ("hold_minutes", "warn_minutes", "offer_minutes"),
                    ("patient_late_minutes", "doctor_late_minutes"),
                    ("follow_up_hours", "follow_up_weeks"),
                    "room_days",
                    ("horizon_weeks", "reminder_hours"),
                    ("quiet_from", "quiet_until"),
                    "notices_a_minute",
                ],
            },
        ),
        (
            "Prescribing",
            {
                "classes": ["tab"],
                "description": "The practice's own limits. The law stands under Rules of the states.",
                "fields": [
                    ("registration_days", "youngest_age"),
                    ("shortest_minutes", "most_scripts_a_day"),
                    ("most_repeats_s8", "most_repeats"),
                    ("most_packs", "most_grams_a_month"),
                    ("most_thc_swallowed", "most_thc_inhaled"),
                    ("screening_days", "expiring_days"),
                    ("spoken_months", "rule_months"),
                ],
            },
        ),
    ]

    def changelist_view(self, request, extra_context=None):
        """There is one row: go to it."""
        practice = self.get_queryset(request).first()
        if practice is None:
            return super().changelist_view(request, extra_context)
        return redirect("admin:clinic_practice_change", practice.pk)

    def has_add_permission(self, request):
        return super().has_add_permission(request) and not self.get_queryset(request).exists()
