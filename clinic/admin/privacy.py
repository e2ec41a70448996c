"""What patients ask about their data, accounts that they closed, and who gets data abroad."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from clinic import leaving, requesting
from clinic.admin.availability import by_our_clock
from clinic.admin.incidents import days_left
from clinic.forms.privacy import AnswerForm, DoctorForm, IdentityForm, RecipientForm, RequestForm
from clinic.models import Closure, PrivacyRequest, Recipient, RequestText
from config.admin import PossibleButtons, RecordAdmin, step
from config.base import SignedInRequest

Status = PrivacyRequest.Status
COLOURS = {
    Status.OPEN: "warning",
    Status.PREPARING: "info",
    Status.GIVEN: "success",
    Status.CORRECTED: "success",
    Status.ATTACHED: "info",
    Status.REFUSED: "danger",
    Status.WITHDRAWN: "default",
}
NO_WORDS = "Words about health are read by doctors only."


class Waits(admin.SimpleListFilter):
    """Those without an answer, as the first page counts them."""

    title = "answer"
    parameter_name = "answer"

    def lookups(self, request, model_admin):
        return [("waiting", "Waits")]

    def queryset(self, request, queryset):
        return queryset.waiting() if self.value() == "waiting" else queryset


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(PossibleButtons, RecordAdmin):
    when_empty = "Patients ask under “My data”; what they ask by telephone or letter is entered here."
    form = RequestForm
    list_display = ["patient", "kind", "is_clinical", "asked_on", "show_status", "show_due"]
    list_select_related = ["patient__user"]
    list_filter = [Waits, ("kind", ChoicesDropdownFilter), ("status", ChoicesDropdownFilter)]
    search_fields = ["patient__user__given_name", "patient__user__family_name", "patient__user__email"]
    autocomplete_fields = ["patient"]
    SHOWN = [
        ("patient", "kind", "is_clinical"),
        ("asked_on", "show_status", "show_due"),
        ("show_identity", "doctor"),
        "show_texts",
        ("answered_by", "show_answered"),
    ]
    readonly_fields = ["show_status", "show_due", "show_identity", "show_texts", "show_answered"]
    readonly_fields += ["doctor", "answered_by"]  # on the page of a version they would be asked for
    actions_detail = ["identify", "give", "correct", "attach", "refuse", "name_doctor"]

    def get_fields(self, request, obj=None):
        return self.SHOWN if obj else ["patient", "kind", "is_clinical", "asked_on", "text"]

    def get_object(self, request, object_id, from_field=None):
        """Remember with the record who looks: which words are shown depends on that."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.reader = request.user
        return found

    def get_changeform_initial_data(self, request):
        return {"asked_on": timezone.localdate()} | super().get_changeform_initial_data(request)

    def has_change_permission(self, request, obj=None):
        return False  # what was asked stays as it was asked; the buttons answer

    def possible(self, record: PrivacyRequest) -> set[str]:
        if record.status != Status.OPEN:
            return set()
        if record.kind == PrivacyRequest.Kind.ACCESS:
            return {"give" if record.identified_at else "identify", "refuse"}
        answers = {"correct", "attach"}
        return answers | ({"name_doctor"} if record.is_clinical else set())

    def save_model(self, request, obj, form, change):
        said = {name: form.cleaned_data[name] for name in ("kind", "is_clinical", "asked_on", "text")}
        made = requesting.ask(form.cleaned_data["patient"], by=request.user, **said)
        obj.pk = made.pk
        obj.refresh_from_db()

    @display(description="Status", ordering="status", label=COLOURS)
    def show_status(self, asked: PrivacyRequest) -> tuple[str, str]:
        return asked.status, asked.get_status_display()

    @display(description="To be answered by", ordering="asked_on")
    def show_due(self, asked: PrivacyRequest) -> str:
        return days_left(asked.due_on, today=timezone.localdate())

    @display(description="Identity")
    def show_identity(self, asked: PrivacyRequest) -> str:
        if asked.identified_at is None:
            return "Not checked yet"
        return f"{asked.identity_how} {by_our_clock(asked.identified_at)}"

    @display(description="Asked and answered")
    def show_texts(self, asked: Any) -> SafeString | str:
        texts = [*RequestText.objects.visible_to(asked.reader).filter(request=asked)]
        if not texts:
            return NO_WORDS if asked.is_clinical else "Nothing was written."
        lines = ((text.get_kind_display(), text.text) for text in texts)
        return format_html_join(
            "",
            '<p style="white-space: pre-line; overflow-wrap: anywhere"><strong>{}:</strong> {}</p>',
            lines,
        )

    @display(description="Answered")
    def show_answered(self, asked: PrivacyRequest) -> str:
        return by_our_clock(asked.answered_at)

    @step("Identity checked", may="handle", form=IdentityForm, icon="badge")
    def identify(self, request: SignedInRequest, asked: PrivacyRequest, form: IdentityForm) -> str:
        requesting.identify(asked, how=form.cleaned_data["how"], by=request.user)
        return "Noted. Now a copy can be given."

    @step(
        "Give a copy",
        may="handle",
        text="A copy of the whole file is made. The patient alone can download it, for seven days.",
        icon="folder_zip",
    )
    def give(self, request: SignedInRequest, asked: PrivacyRequest, form: BaseDialogForm) -> str:
        requesting.give(asked, by=request.user)
        return "The copy is being made. The patient gets a letter when it is there."

    @step("Corrected", may="answer", form=AnswerForm, icon="check")
    def correct(self, request: SignedInRequest, asked: PrivacyRequest, form: AnswerForm) -> str:
        requesting.correct(asked, answer=form.cleaned_data["text"], by=request.user)
        return "Answered. The patient gets a letter."

    @step(
        "Not changed: attach the patient’s words",
        may="answer",
        form=AnswerForm,
        text="The record stays as it is, and the patient’s words stand beside it. Say why in plain words.",
        icon="attach_file",
    )
    def attach(self, request: SignedInRequest, asked: PrivacyRequest, form: AnswerForm) -> str:
        requesting.attach(asked, answer=form.cleaned_data["text"], by=request.user)
        return "Answered. The patient’s words stand beside the record from now on."

    @step("Refuse", may="handle", form=AnswerForm, text="Give the reasons in plain words.", icon="block")
    def refuse(self, request: SignedInRequest, asked: PrivacyRequest, form: AnswerForm) -> str:
        requesting.refuse(asked, reasons=form.cleaned_data["text"], by=request.user)
        return "Refused, with your reasons. The patient gets a letter."

    @step(
        "Name a doctor",
        may="handle",
        form=DoctorForm,
        text="Only where no doctor who works here cares for the patient any more.",
        icon="stethoscope",
    )
    def name_doctor(self, request: SignedInRequest, asked: PrivacyRequest, form: DoctorForm) -> str:
        requesting.name_doctor(asked, doctor=form.cleaned_data["doctor"], by=request.user)
        return f"{asked.doctor} answers this."

    def has_handle_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.answer_privacyrequest")

    def has_answer_permission(self, request, object_id=None) -> bool:
        """Managers answer what is about details, doctors what is about health."""
        asked = self.get_object(request, object_id) if object_id else None
        if asked is not None and asked.is_clinical:
            return request.user.has_perm("clinic.answer_clinical_privacyrequest")
        return request.user.has_perm("clinic.answer_privacyrequest")


@admin.register(Closure)
class ClosureAdmin(PossibleButtons, RecordAdmin):
    when_empty = "Patients close their account under “My data”. Their record is kept."
    list_display = ["patient", "show_closed", "show_reopened", "reopened_by"]
    list_select_related = ["patient__user", "reopened_by"]
    search_fields = ["patient__user__given_name", "patient__user__family_name", "patient__user__email"]
    fields = ["patient", "show_closed", ("show_reopened", "reopened_by"), "identity_how"]
    readonly_fields = ["patient", "show_closed", "show_reopened", "reopened_by", "identity_how"]
    actions_detail = ["reopen"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def possible(self, record: Closure) -> set[str]:
        return {"reopen"} if record.reopened_at is None else set()

    @display(description="Closed", ordering="created_at")
    def show_closed(self, closure: Closure) -> str:
        return by_our_clock(closure.created_at)

    @display(description="Opened again", ordering="reopened_at")
    def show_reopened(self, closure: Closure) -> str:
        return by_our_clock(closure.reopened_at)

    @step(
        "Open again",
        may="reopen",
        form=IdentityForm,
        text="Because the patient asked for it. News and offers stay off until they turn them on.",
        icon="lock_open",
    )
    def reopen(self, request: SignedInRequest, closure: Closure, form: IdentityForm) -> str:
        leaving.reopen(closure, identity_how=form.cleaned_data["how"], by=request.user)
        return f"{closure.patient} can sign in again."

    def has_reopen_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.reopen_closure")


@admin.register(Recipient)
class RecipientAdmin(RecordAdmin):
    """Patients read this list under “My data”, as it stands."""

    when_empty = "Write down who outside Australia gets personal information; patients read it."
    form = RecipientForm
    list_display = ["name", "country", "purpose", "since_on", "until_on"]
    search_fields = ["name", "country", "purpose"]
    fields = ["name", "country", "purpose", "information", "safeguards", ("since_on", "until_on")]

    def save_model(self, request, obj, form, change):
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            if changes:
                obj.lock().change(by=request.user, **changes)
        else:
            obj.sign_with(by=request.user).save()
