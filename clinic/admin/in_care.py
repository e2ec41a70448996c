"""Forms about patients, for those alone whom their doctor cares for: what is only opened is to be read."""

from __future__ import annotations

from clinic import breaking
from clinic.models import Patient, Prescription


class WrittenInCare:
    """What a doctor writes here is of patients in their care, whatever else they may read just now."""

    def get_field_queryset(self, db, db_field, request):
        related = super().get_field_queryset(db, db_field, request)  # type: ignore[misc]
        if not request.user.has_perm("clinic.view_clinical_record") or related is None:
            return related
        cared_for = Patient.objects.visible_to(request.user).in_care_of(request.user).values("pk")
        if related.model is Patient:
            return related.filter(pk__in=cared_for)
        return related.filter(patient__in=cared_for) if related.model is Prescription else related

    def has_change_permission(self, request, obj=None):
        may = super().has_change_permission(request, obj)  # type: ignore[misc]
        return may and not (obj and breaking.is_open(obj.patient_id, to=request.user))
