"""What the nightly checks of the records found: a list to look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from clinic import inspecting
from clinic.admin.availability import by_our_clock
from clinic.models import Inspection
from config.admin import FactAdmin, step


@admin.register(Inspection)
class InspectionAdmin(FactAdmin):
    list_display = ["show_at", "show_outcome", "milliseconds"]
    fields = [("show_at", "show_outcome"), "milliseconds", "show_findings"]
    readonly_fields = ["show_at", "show_outcome", "milliseconds", "show_findings"]
    actions_detail = ["again"]

    @display(description="When (practice’s clock)", ordering="recorded_at")
    def show_at(self, inspection: Inspection) -> str:
        return by_our_clock(inspection.recorded_at)

    @display(description="Outcome", ordering="failed", label={"passed": "success", "failed": "danger"})
    def show_outcome(self, inspection: Inspection) -> tuple[str, str]:
        return "failed" if inspection.failed else "passed", str(inspection)

    @display(description="Checks")
    def show_findings(self, inspection: Inspection) -> SafeString:
        rows = [
            (
                "is-urgent" if found["broken"] else "",
                found["sentence"],
                f"{found['broken']} broken: {', '.join(found['examples'])}" if found["broken"] else "holds",
            )
            for found in inspection.findings
        ]
        lines = format_html_join(
            "", '<li><span>{1}</span> <span class="desk-count {0}">{2}</span></li>', rows
        )
        return format_html('<ul class="desk-queues">{}</ul>', lines)

    @step("Check again", may="check", icon="rule", text="Every check runs now; what comes of it is kept.")
    def again(self, request, inspection: Inspection, form) -> str:
        return f"{inspecting.inspect(by=request.user)}. The newest check stands at the top of the list."

    def has_check_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.view_inspection")
