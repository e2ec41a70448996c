"""Authorities of the TGA on the staff site, their letters, and the reports that the TGA asks for."""

from __future__ import annotations

import csv
import datetime
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST
from unfold.decorators import action, display

from clinic import authorising
from clinic.admin.in_care import WrittenInCare
from clinic.forms.approvals import CHOOSE, AuthorityForm, LetterForm, PeriodForm, WithdrawDialog
from clinic.models import Approval, ApprovalReport, Practitioner
from config import stepping
from config.admin import RecordAdmin, step
from config.base import Refused, SignedInRequest, record_viewed
from config.spreadsheets import harmless

COLOURS = {
    "active": "success",
    "ending": "warning",
    "pending": "info",
    "coming": "info",
    "expired": "default",
    "withdrawn": "danger",
    "superseded": "default",
}
PRIVATE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}


def _may_name_a_patient(request: SignedInRequest) -> bool:
    """Whether this person reads clinical records; others keep the authorities of doctors alone."""
    return request.user.has_perm("clinic.view_clinical_record") or request.user.has_perm(
        "clinic.view_every_clinical_record"
    )


def _attached(name: str) -> dict[str, str]:
    """Headers of a file that nothing on the way keeps."""
    disposition = str(content_disposition_header(as_attachment=True, filename=name))
    return {"Content-Disposition": disposition, **PRIVATE}


class Which(admin.SimpleListFilter):
    """Those in force or still to come, unless one asks for others."""

    title = "standing"
    parameter_name = "which"

    def lookups(self, request, model_admin):
        return [("ending", "Ending soon"), ("active", "In force today"), ("all", "All")]

    def choices(self, changelist):
        now, *others = super().choices(changelist)
        return [now | {"display": "In force or to come"}, *others]

    def queryset(self, request, queryset):
        today = timezone.localdate()
        match self.value():
            case "all":
                return queryset
            case "active":
                return queryset.in_force(today)
            case "ending":
                return queryset.ending(today, days=authorising.expiring_days())
        return queryset.filter(until_on__gte=today, withdrawn_on=None)


@admin.register(Approval)
class ApprovalAdmin(WrittenInCare, RecordAdmin):
    """Authorities of the TGA; a doctor records their own."""

    when_empty = "Record each authority of the TGA before anything is prescribed under it."
    form = AuthorityForm
    list_display = [
        *("__str__", "practitioner", "patient", "tga_category", "show_dose_form", "from_on", "until_on"),
        "show_standing",
    ]
    list_select_related = ["practitioner__user", "patient__user"]
    list_filter = [Which, "pathway", "tga_category", "dose_form"]
    search_fields = ["reference", "patient__user__family_name", "practitioner__user__family_name"]
    actions_list = ["show_report"]
    actions_detail = ["add_letter", "withdraw"]
    fields = [
        ("pathway", "reference"),
        ("practitioner", "patient"),
        ("tga_category", "dose_form"),
        "indication",
        "conditions",
        ("applied_on", "decided_on"),
        ("from_on", "until_on"),
        ("show_letter", "show_withdrawal"),
    ]
    readonly_fields = ["show_letter", "show_withdrawal"]
    FIELDS_WITHOUT_PATIENT = [("pathway", "reference"), "practitioner", *fields[2:]]

    @display(description="Dose form", ordering="dose_form")
    def show_dose_form(self, approval: Approval) -> str:
        return dict(AuthorityForm.base_fields["dose_form"].choices).get(  # type: ignore[attr-defined]
            approval.dose_form, approval.dose_form
        )

    @display(description="Standing", label=COLOURS)
    def show_standing(self, approval: Approval) -> tuple[str, str]:
        today = timezone.localdate()
        standing = approval.standing(today)
        days = (approval.until_on - today).days
        if standing == Approval.Standing.ACTIVE and getattr(approval, "ends_soon", False):
            return "ending", f"Ends in {days} day{'' if days == 1 else 's'}"
        return standing.value, standing.label

    @display(description="Letter")
    def show_letter(self, approval: Approval) -> str:
        if not approval.letter:
            return "None yet"
        page = reverse("admin:clinic_approval_letter", args=[approval.pk])
        return format_html('<a class="underline" href="{}">Download</a>', page)

    @display(description="Withdrawn")
    def show_withdrawal(self, approval: Approval) -> str:
        if approval.withdrawn_on is None:
            return "No"
        return f"{approval.withdrawn_on:%-d %B %Y}. {approval.get_withdrawn_as_display()}"

    def get_queryset(self, request: HttpRequest) -> Any:
        days = authorising.expiring_days()
        return super().get_queryset(request).judged(timezone.localdate(), days=days)

    def get_urls(self):
        guard = self.admin_site.admin_view
        table = require_GET(stepping.step_up(self.report_csv))
        return [
            path("report/", guard(require_GET(self.report)), name="clinic_approval_report"),
            path("report/csv/", guard(table), name="clinic_approval_report_csv"),
            path("report/sent/", guard(require_POST(self.report_sent)), name="clinic_approval_report_sent"),
            path("<uuid:pk>/letter/", guard(require_GET(self.letter)), name="clinic_approval_letter"),
            path("<uuid:pk>/letter/add/", guard(self.letter_add), name="clinic_approval_letter_add"),
            *super().get_urls(),
        ]

    def get_fields(self, request, obj=None):
        return self.fields if _may_name_a_patient(request) else self.FIELDS_WITHOUT_PATIENT

    def formfield_for_choice_field(self, db_field, request, **options):
        if db_field.name == "pathway":
            of_patients = [CHOOSE, *Approval.Pathway.choices]
            of_all = [(Approval.Pathway.AP, Approval.Pathway.AP.label)]
            options["choices"] = of_patients if _may_name_a_patient(request) else of_all
        return super().formfield_for_choice_field(db_field, request, **options)

    def get_field_queryset(self, db, db_field, request):
        related = super().get_field_queryset(db, db_field, request)
        if db_field.name == "practitioner" and not request.user.has_perm("clinic.view_every_approval"):
            return Practitioner.objects.visible_to(request.user).filter(user=request.user)
        return related

    def get_changeform_initial_data(self, request):
        own = Practitioner.objects.visible_to(request.user).filter(user=request.user).first()
        return {"practitioner": own} | super().get_changeform_initial_data(request)

    @step(
        "Withdraw",
        may="withdraw",
        form=WithdrawDialog,
        icon="block",
        text="Nobody can prescribe by this approval from that day on. Scripts that were issued stay valid.",
    )
    def withdraw(self, request, approval: Approval, form: WithdrawDialog) -> str:
        authorising.withdraw(
            approval,
            on=form.cleaned_data["on"],
            kind=form.cleaned_data["kind"],
            why=form.cleaned_data["why"],
            by=request.user,
        )
        return f"{approval} is withdrawn from {approval.withdrawn_on:%-d %B %Y}."

    @action(description="Add the letter", permissions=["withdraw"], icon="upload_file")
    def add_letter(self, request: HttpRequest, object_id: str) -> HttpResponse:
        self.get_visible_or_404(request, object_id)
        return redirect("admin:clinic_approval_letter_add", object_id)

    def has_withdraw_permission(self, request: SignedInRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("clinic.change_approval")

    @action(description="Report to the TGA", permissions=["view"], icon="summarize")
    def show_report(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:clinic_approval_report")

    # Letters

    def letter(self, request: SignedInRequest, pk: UUID) -> HttpResponse:
        """Hand the letter out; every time is in the audit trail."""
        approval = self._visible(request, pk)
        data, kind = authorising.read_letter(approval)
        record_viewed.send(Approval, record=approval, request=request, action="download")
        headers = _attached(f"approval {approval.reference}.{kind}")
        return HttpResponse(data, content_type=authorising.MEDIA_TYPES[kind], headers=headers)

    def letter_add(self, request: SignedInRequest, pk: UUID) -> HttpResponse:
        """A letter comes in; another one takes the place of the first."""
        approval = self._visible(request, pk)
        if not self.has_withdraw_permission(request):
            raise PermissionDenied
        is_sent = request.method == "POST"
        form = LetterForm(
            request.POST if is_sent else None, request.FILES if is_sent else None, label_suffix=""
        )
        if form.is_valid():
            authorising.keep_letter(approval, data=form.cleaned_data["letter"], by=request.user)
            messages.success(request, f"The letter of {approval} is kept.")
            return redirect("admin:clinic_approval_change", pk)
        status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
        context = {"title": f"Letter of {approval}", "form": form, "approval": approval}
        return self._page(request, "admin/approvals/letter.html", context, status)

    def _visible(self, request: SignedInRequest, pk: UUID) -> Approval:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return cast(Approval, self.get_visible_or_404(request, str(pk)))

    def _page(
        self, request: SignedInRequest, template: str, context: dict[str, Any], status: int = HTTPStatus.OK
    ) -> HttpResponse:
        whole = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, template, whole, status=status)

    # Reports

    def report(self, request: SignedInRequest) -> HttpResponse:
        """The figures of one doctor and half-year, to be looked at before they are sent."""
        form, today = self._asked(request, request.GET)
        context: dict[str, Any] = {"title": "Report to the TGA", "form": form}
        if form.is_valid():
            practitioner, period = form.cleaned_data["practitioner"], form.period
            sent = ApprovalReport.objects.visible_to(request.user).filter(
                practitioner=practitioner, until_on=period.until_on
            )
            context |= {
                "headings": authorising.HEADINGS[1:-2],
                "rows": [row[1:-2] for row in authorising.table(practitioner, period)],
                "query": f"practitioner={practitioner.pk}&until={period.until_on}",
                "sent": sent.select_related("recorded_by").first(),
                "is_over": period.until_on < today,
                "may_send": self.has_withdraw_permission(request),
            }
        status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
        return self._page(request, "admin/approvals/report.html", context, status)

    def report_csv(self, request: SignedInRequest) -> HttpResponse:
        """The same figures as a table that the TGA's portal is filled in from."""
        form, _ = self._asked(request, request.GET)
        if not form.is_valid():
            return redirect("admin:clinic_approval_report")
        practitioner, period = form.cleaned_data["practitioner"], form.period
        name = f"tga-report-{practitioner.ahpra_number}-{period.until_on}.csv"
        headers = _attached(name)
        answer = HttpResponse(content_type="text/csv; charset=utf-8", headers=headers)
        rows: list[list[str | int]] = [[*authorising.HEADINGS], *authorising.table(practitioner, period)]
        csv.writer(answer).writerows([harmless(cell) for cell in row] for row in rows)
        return answer

    def report_sent(self, request: SignedInRequest) -> HttpResponse:
        """Somebody sent the report."""
        if not self.has_withdraw_permission(request):
            raise PermissionDenied
        form, today = self._asked(request, request.POST)
        if form.is_valid():
            practitioner, period = form.cleaned_data["practitioner"], form.period
            try:
                authorising.note_sent(practitioner, period, today=today, by=request.user)
            except Refused as no:
                messages.error(request, str(no))
            else:
                messages.success(request, f"The report of {practitioner} is noted as sent.")
            return redirect(
                f"{reverse('admin:clinic_approval_report')}?practitioner={practitioner.pk}&until={period.until_on}"
            )
        return redirect("admin:clinic_approval_report")

    def _asked(self, request: SignedInRequest, data: Any) -> tuple[PeriodForm, datetime.date]:
        """The form, filled with the last half-year and the doctor themself unless something else is asked."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        today = timezone.localdate()
        doctors = Practitioner.objects.visible_to(request.user).select_related("user")
        if not request.user.has_perm("clinic.view_every_approval") and not _reads_all(request):
            doctors = doctors.filter(user=request.user)
        first = doctors.filter(user=request.user).first() or doctors.first()
        likely = {
            "practitioner": first.pk if first else "",
            "until": authorising.last_period(today).until_on.isoformat(),
        }
        return PeriodForm(likely | data.dict(), doctors=doctors, today=today), today


def _reads_all(request: SignedInRequest) -> bool:
    return request.user.has_perm("clinic.view_every_clinical_record")
