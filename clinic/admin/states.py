"""The rules of the states: looked at by doctors, kept by managers."""

from __future__ import annotations

from typing import cast

from django.contrib import admin, messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils import timezone
from unfold.decorators import display

from clinic import ruling
from clinic.admin.availability import Reason
from clinic.forms.states import NEW, StateRuleForm
from clinic.models import StateRule
from config.admin import RecordAdmin, step
from config.base import Refused

ASKED = ("how", "starts_on", "why")


class Which(admin.SimpleListFilter):
    """Those in force today, unless one asks for others."""

    title = "state"
    parameter_name = "which"

    def lookups(self, request, model_admin):
        return [("due", "To be checked again"), ("all", "Past and coming too")]

    def choices(self, changelist):
        now, *others = super().choices(changelist)
        return [now | {"display": "In force"}, *others]

    def queryset(self, request, queryset):
        if self.value() == "all":
            return queryset
        in_force = queryset.on(timezone.localdate())
        return in_force.filter(is_due=True) if self.value() == "due" else in_force


@admin.register(StateRule)
class StateRuleAdmin(RecordAdmin):
    form = StateRuleForm
    list_display = [
        "show_state",
        "from_on",
        "until_on",
        "monitoring",
        "show_prescriber",
        "authority",
        "show_checked",
    ]
    list_filter = [Which, "state"]
    list_display_links = ["show_state"]
    actions_detail = ["confirm"]
    FACTS = [
        (
            "Dates",
            {"fields": [("state", "checked_on"), ("from_on", "until_on"), "source"]},
        ),
        (
            "Schedule 8",
            {
                "fields": [
                    ("monitoring", "is_monitoring_law"),
                    ("is_local_only", "handwriting"),
                    "blocked",
                    ("authority", "months_without_authority"),
                    "dependence_permit",
                    "blocked_forms",
                    "caution",
                ]
            },
        ),
        ("Validity", {"fields": [("months_valid_s8", "months_valid")]}),
        ("Notes", {"fields": ["note"]}),
    ]

    @display(description="State", ordering="state")
    def show_state(self, rule: StateRule) -> str:
        return rule.get_state_display()

    @display(description="Prescribers from elsewhere", label={"Yes": "success", "No": "danger"})
    def show_prescriber(self, rule: StateRule) -> str:
        if rule.blocked or rule.is_local_only:
            return "No"
        return "Not known: no" if rule.is_local_only is None else "Yes"

    @display(description="Checked", ordering="checked_on", label={"due": "warning", "checked": "success"})
    def show_checked(self, rule: StateRule) -> tuple[str, str]:
        told = f"{rule.checked_on:%-d %b %Y}"
        return ("due", f"{told}: check again") if rule.is_due else ("checked", told)

    def get_queryset(self, request):
        return super().get_queryset(request).judged(ruling.checked_after())

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            return [*self.FACTS, ("Reason", {"fields": ["why"]})]
        if not self.has_change_permission(request, obj):
            return self.FACTS
        return [("Change", {"fields": list(ASKED)}), *self.FACTS]

    def get_readonly_fields(self, request, obj=None):
        return ["state", "from_on", "until_on"] if obj else []

    def save_model(self, request, obj, form, change):
        """Ask the rule that fits what the manager says has happened; ``obj`` itself is not saved."""
        if not change:
            obj.sign_with(by=request.user, why=form.cleaned_data["why"]).save()
            return
        facts = {name: form.cleaned_data[name] for name in ruling.FACTS if name in form.cleaned_data}
        rule = cast(StateRule, self.get_visible_or_404(request, str(obj.pk)))
        told = {"by": request.user, "why": form.cleaned_data["why"]}
        if form.cleaned_data["how"] == NEW:
            obj.pk = ruling.renew(rule, from_on=form.cleaned_data["starts_on"], **told, **facts).pk
        else:
            ruling.correct(rule, **told, **facts)

    def changeform_view(self, request: HttpRequest, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as no:
            messages.error(request, str(no))
            return redirect(request.path)

    @step(
        "Checked again",
        may="confirm",
        form=Reason,
        icon="fact_check",
        text="You have read the source again, and what is written here is still right.",
    )
    def confirm(self, request, rule: StateRule, form: Reason) -> str:
        ruling.confirm(rule, by=request.user, why=form.cleaned_data["why"])
        return f"{rule} was checked today."

    def has_confirm_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.change_staterule")
