"""Papers to sign and to send, what pharmacies say about them, and the pharmacies."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.decorators import display

from clinic import dispatching
from clinic.admin.availability import by_our_clock
from clinic.forms.deliveries import CallForm, PharmacyForm, SendForm
from clinic.models import DispenseNote, Document, Original, Pharmacy
from config.admin import PossibleButtons, RecordAdmin, step


@admin.register(Pharmacy)
class PharmacyAdmin(RecordAdmin):
    list_display = ["name", "suburb", "state", "phone", "is_offered"]
    list_filter = ["state", "is_offered"]
    search_fields = ["name", "suburb", "postcode"]
    fields = [
        ("name", "is_offered"),
        ("street", "suburb"),
        ("state", "postcode"),
        ("phone", "approval_number"),
    ]


class DispenseNoteInline(TabularInline):
    """What the pharmacy told us, newest first."""

    model = DispenseNote
    fields = ["recorded_at", "pharmacy", "caller", "text", "dispensed_on"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    tab = True

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user).select_related("pharmacy")


@admin.register(Original)
class OriginalAdmin(PossibleButtons, RecordAdmin):
    """The way of each signed paper; the desk sees envelopes, not medicines."""

    when_empty = "Each prescription that is issued waits here for its signature in ink."
    list_display = [
        "show_number",
        "patient",
        "prescriber",
        "show_status",
        "pharmacy",
        "show_sent",
        "tracking",
    ]
    list_select_related = [
        "prescription__patient__user",
        "prescription__practitioner__user",
        "pharmacy",
    ]
    list_filter = ["status", "way"]
    linked_lookups = ("prescription__status", "prescription__practitioner__user__id", "pharmacy_told_at")
    search_fields = [
        "prescription__number",
        "prescription__patient__user__given_name",
        "prescription__patient__user__family_name",
        "tracking",
    ]
    inlines = [DispenseNoteInline]
    fields = [
        ("show_number", "show_status"),
        ("patient", "prescriber"),
        ("show_pharmacy", "show_form"),
        ("show_signed", "show_sent"),
        ("way", "tracking"),
        "show_told",
    ]
    readonly_fields = [name for row in fields for name in ([row] if isinstance(row, str) else row)]
    actions_detail = ["sign", "choose", "send", "tell", "call"]

    def possible(self, record: Original) -> set[str]:
        is_void = record.prescription.status != record.prescription.Status.ISSUED
        if record.status == Original.Status.SENT:
            return {"call", "tell"} if is_void and record.pharmacy_told_at is None else {"call"}
        next_step = "sign" if record.status == Original.Status.TO_SIGN else "send"
        return set() if is_void else {"choose", next_step}

    @display(description="Prescription", ordering="prescription__number")
    def show_number(self, original: Original) -> str:
        return str(original.prescription.number)

    @display(description="Patient", ordering="prescription__patient__user__family_name")
    def patient(self, original: Original) -> str:
        return str(original.prescription.patient)

    @display(description="Prescriber", ordering="prescription__practitioner__user__family_name")
    def prescriber(self, original: Original) -> str:
        return str(original.prescription.practitioner)

    @display(
        description="Status",
        ordering="status",
        label={"to_sign": "warning", "to_send": "warning", "sent": "success", "void": "danger"},
    )
    def show_status(self, original: Original) -> tuple[str, str]:
        if original.prescription.status != original.prescription.Status.ISSUED:
            return "void", "Void"
        return original.status, original.get_status_display()

    @display(description="Pharmacy")
    def show_pharmacy(self, original: Original) -> str:
        pharmacy = original.pharmacy
        return f"{pharmacy.name}, {pharmacy.address}, {pharmacy.phone}" if pharmacy else "Not chosen yet"

    @display(description="Signed in ink")
    def show_signed(self, original: Original) -> str:
        return _done(original.signed_at, original.signed_by)

    @display(description="Sent", ordering="sent_at")
    def show_sent(self, original: Original) -> str:
        return _done(original.sent_at)

    @display(description="Pharmacy told that it is void")
    def show_told(self, original: Original) -> str:
        return _done(original.pharmacy_told_at, original.pharmacy_told_by)

    @display(description="Form")
    def show_form(self, original: Original) -> str:
        """The form to print, for those alone who may: the prescriber, and auditors to look at."""
        if form := getattr(original, "form", None):
            return format_html(
                '<a class="underline" href="{}">Print and sign</a>', reverse("file", args=[form])
            )
        return "–"

    def get_queryset(self, request):
        forms = Document.objects.visible_to(request.user).filter(
            prescription=OuterRef("prescription"), kind=Document.Kind.PRINT_AND_SIGN
        )
        rows = super().get_queryset(request).select_related(*self.list_select_related)
        return rows.annotate(form=Subquery(forms.values("pk")[:1]))

    @step("Signed in ink", may="sign", icon="draw", text="You printed the form and signed it in ink.")
    def sign(self, request, original: Original, form) -> str:
        dispatching.sign(original, by=request.user)
        return f"{original} is signed. It can be sent now."

    @step("Choose the pharmacy", may="send", form=PharmacyForm, icon="local_pharmacy")
    def choose(self, request, original: Original, form: PharmacyForm) -> str:
        dispatching.choose(original, pharmacy=form.cleaned_data["pharmacy"], by=request.user)
        return f"It goes to {original.pharmacy}."

    @step("Sent", may="send", form=SendForm, icon="outgoing_mail", text="The signed original has left.")
    def send(self, request, original: Original, form: SendForm) -> str:
        told = {name: form.cleaned_data[name] for name in ("pharmacy", "way", "tracking")}
        dispatching.send(original, by=request.user, **told)
        return (
            f"{original} is on its way to {original.pharmacy}. The patient gets a letter that says no more."
        )

    @step("Pharmacy told", may="send", icon="phone_forwarded", text="The pharmacy knows that it is void.")
    def tell(self, request, original: Original, form) -> str:
        dispatching.tell_pharmacy(original, by=request.user)
        return "It is noted that the pharmacy was told."

    @step("The pharmacy rang", may="send", form=CallForm, icon="call")
    def call(self, request, original: Original, form: CallForm) -> str:
        told = {name: form.cleaned_data[name] for name in ("caller", "text", "dispensed_on")}
        dispatching.note(original, by=request.user, **told)
        return "What the pharmacy said is noted."

    def has_sign_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.issue_prescription")

    def has_send_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.send_original") or self.has_sign_permission(request)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


def _done(at, by=None) -> str:
    if at is None:
        return "–"
    return f"{by_our_clock(at)}, {by}" if by else by_our_clock(at)
