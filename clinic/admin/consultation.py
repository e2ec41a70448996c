"""The forms of the consultation page: each asks one rule and says in a sentence what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from clinic import consulting, noting, prescribing, screening
from clinic.admin import rewriting
from clinic.forms.consultations import (
    AddendumForm,
    ConfirmationForm,
    ConfirmForm,
    IdentityForm,
    NoteForm,
    PractisingForm,
    SegmentForm,
    TemplateForm,
)
from clinic.forms.desk import DeskForm
from clinic.forms.prescriptions import (
    ApprovalForm,
    DestinationForm,
    IssueForm,
    LineForm,
    MonitoringForm,
    RemoveForm,
    ScreeningForm,
)
from clinic.forms.rewriting import EarlierForm, FavouriteForm, KeepForm, ReplaceForm
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import Encounter, User


class Action(NamedTuple):
    """One form, where it stands on the page, and the rule it asks."""

    form: type[DeskForm]
    place: str
    ask: Callable[[Encounter, Any, User], str]


def _start(encounter: Encounter, form: SegmentForm, user: User) -> str:
    segment = consulting.start_segment(encounter, modality=form.cleaned_data["modality"], by=user)
    return f"{segment.get_modality_display()} started."


def _stop(encounter: Encounter, form: ConfirmForm, user: User) -> str:
    consulting.stop_segment(encounter, by=user)
    return "The call has ended."


def _locate(encounter: Encounter, form: ConfirmationForm, user: User) -> str:
    said = form.cleaned_data
    consulting.confirm_location(encounter, state=said["state"], where=said["where"], by=user)
    if said["said"]:
        contact = {name: said[name] for name in ("emergency_name", "emergency_phone", "present")}
        consulting.confirm(encounter, by=user, **contact)
    return f"The patient is in {encounter.get_location_state_display()}."


def _practise(encounter: Encounter, form: PractisingForm, user: User) -> str:
    said = consulting.confirm_practising(encounter, state=form.cleaned_data["state"], by=user)
    return f"You are and practise in {said.words} today."


def _identify(encounter: Encounter, form: IdentityForm, user: User) -> str:
    consulting.identify(encounter.patient, encounter=encounter, by=user, **form.cleaned_data)
    return "The identity check is recorded."


def _save_note(encounter: Encounter, form: NoteForm, user: User) -> str:
    noting.save(encounter.note, by=user, **form.cleaned_data)
    return "The draft of the note is saved."


def _sign_note(encounter: Encounter, form: NoteForm, user: User) -> str:
    # Kept first: what was typed stays, whatever is still missing for a signature.
    kept = noting.save(encounter.note, by=user, **form.cleaned_data)
    noting.sign(encounter.note, by=user, **form.cleaned_data | {"revision": kept.revision})
    return "The note is signed and locked."


def _use_template(encounter: Encounter, form: TemplateForm, user: User) -> str:
    template = form.cleaned_data["template"]
    noting.begin_from_template(encounter.note, template, by=user)
    return f"The words of “{template}” are in the note."


def _use_last(encounter: Encounter, form: ConfirmForm, user: User) -> str:
    noting.begin_from_last(encounter.note, by=user)
    return "The words of the last note are in this one. Change what is different now."


def _add(encounter: Encounter, form: AddendumForm, user: User) -> str:
    noting.add(encounter.note, by=user, **form.cleaned_data)
    return "The addendum is signed and stands under the note."


def _write(encounter: Encounter, form: LineForm, user: User) -> str:
    line = prescribing.write(encounter, by=user, **form.cleaned_data)
    return f"{line.product} is on a draft."


def _remove(encounter: Encounter, form: RemoveForm, user: User) -> str:
    line = form.found()
    prescribing.remove_line(line, by=user)
    return f"{line.product} was taken off."


def _send_to(encounter: Encounter, form: DestinationForm, user: User) -> str:
    told = {name: form.cleaned_data[name] for name in ("state", "authority", "indication")}
    prescribing.send_to(form.found(), **told, by=user)
    said = f" It is for: {told['indication']}." if told["indication"] else ""
    return f"The rules of that state apply now.{said}"


def _screen(encounter: Encounter, form: ScreeningForm, user: User) -> str:
    screening.record(encounter, by=user, **form.cleaned_data)
    return "The answers are recorded."


def _look(encounter: Encounter, form: MonitoringForm, user: User) -> str:
    look = prescribing.record_monitoring(encounter, by=user, **form.cleaned_data)
    return f"Your look at {look.system} is recorded."


def _approve(encounter: Encounter, form: ApprovalForm, user: User) -> str:
    approval = prescribing.record_approval(encounter, by=user, **form.cleaned_data)
    return f"{approval} is recorded."


def _issue(encounter: Encounter, form: IssueForm, user: User) -> str:
    prescription = form.found()
    told = {name: form.cleaned_data[name] for name in ("code", "read")}
    prescribing.issue(prescription, by=user, reasons=form.reasons, **told)
    return f"{prescription} is issued. Its papers are ready in a moment."


def _cancel(encounter: Encounter, form: ReplaceForm, user: User) -> str:
    prescription = form.found()
    prescribing.cancel(prescription, by=user, why=form.cleaned_data["why"])
    return f"{prescription} is cancelled."


def _close(encounter: Encounter, form: ConfirmForm, user: User) -> str:
    consulting.close(encounter, by=user)
    return "The consultation is closed. The patient can still write to you."


ACTIONS: dict[str, Action] = {
    "start": Action(SegmentForm, "call", _start),
    "stop": Action(ConfirmForm, "call", _stop),
    "locate": Action(ConfirmationForm, "confirmed", _locate),
    "practise": Action(PractisingForm, "prescribe", _practise),
    "identify": Action(IdentityForm, "confirmed", _identify),
    "save-note": Action(NoteForm, "note", _save_note),
    "sign-note": Action(NoteForm, "note", _sign_note),
    "template": Action(TemplateForm, "note", _use_template),
    "last-note": Action(ConfirmForm, "note", _use_last),
    "add": Action(AddendumForm, "note", _add),
    "write": Action(LineForm, "prescribe", _write),
    "remove": Action(RemoveForm, "prescribe", _remove),
    "send-to": Action(DestinationForm, "prescribe", _send_to),
    "look": Action(MonitoringForm, "prescribe", _look),
    "screen": Action(ScreeningForm, "prescribe", _screen),
    "approve": Action(ApprovalForm, "prescribe", _approve),
    "issue": Action(IssueForm, "scripts", _issue),
    "cancel": Action(ReplaceForm, "scripts", _cancel),
    "again": Action(EarlierForm, "prescribe", rewriting.write_again),
    "replace": Action(ReplaceForm, "prescribe", rewriting.replace),
    "write-favourite": Action(FavouriteForm, "prescribe", rewriting.write_favourite),
    "keep-favourite": Action(KeepForm, "scripts", rewriting.keep),
    "drop-favourite": Action(FavouriteForm, "prescribe", rewriting.drop),
    "close": Action(ConfirmForm, "call", _close),
}


class NotUnderstood(Refused):
    """What was sent does not fit the form."""


def ask(action: Action, encounter: Encounter, form: DeskForm, user: User) -> str:
    """Ask the rule behind ``action`` and give back the sentence to show.

    :raises NotUnderstood: the form is not filled in as it must be
    :raises Refused: the rule says no
    """
    if not form.is_valid():
        problems = [f"{form.fields[name].label or name}: {errors[0]}" for name, errors in form.errors.items()]
        raise NotUnderstood(" ".join(problems))
    return action.ask(encounter, form, user)


# Forms that stand once on the page, whatever is drafted, by their name in the template.
STANDING = {
    "locate": "locate_form",
    "identify": "identify_form",
    "save-note": "note_form",
    "sign-note": "note_form",
    "template": "template_form",
    "add": "add_form",
    "write": "write_form",
    "look": "look_form",
    "screen": "screen_form",
    "approve": "approve_form",
}


def standing_forms(chart: dict[str, Any], *, user: User) -> dict[str, DeskForm]:
    """The forms that stand once on the page, filled with what is likely."""
    encounter, drafts = chart["encounter"], chart["drafts"]
    products = [line.product for draft in drafts for line in draft["lines"]]
    state = next((draft["prescription"].dispense_state for draft in drafts), encounter.patient.state)
    likely: dict[str, dict[str, Any]] = {"look": {"state": state}}
    if products:
        likely["approve"] = {"tga_category": products[0].tga_category, "dose_form": products[0].dose_form}
    return {
        shown_as: ACTIONS[name].form(encounter=encounter, user=user, initial=likely.get(name, {}))
        for name, shown_as in STANDING.items()
    }
