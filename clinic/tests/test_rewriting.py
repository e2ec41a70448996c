"""Repeats, replacements and favourites: what is written again, and what is not."""

import pytest

from catalog import listing
from catalog.models import Product
from clinic import booking, consulting, prescribing, rewriting
from clinic.models import Encounter, Favourite, Prescription, PrescriptionLine

pytestmark = pytest.mark.django_db
DOSE = {"quantity": 1, "directions": "Take one at night.", "repeats": 1, "interval_days": 30}


@pytest.fixture
def next_visit(issued, doctor, make_slot, settle) -> Encounter:
    """The patient is seen again, some days later."""
    held = booking.hold(make_slot(hours=72), patient=issued.patient, by=issued.patient.user)
    return consulting.open(settle(held), by=doctor.user)


def discontinue(product: Product) -> None:
    Product.objects.filter(pk=product.pk).update(supply=Product.Supply.DISCONTINUED)


class TestAgain:
    def test_drafts_the_same_lines_in_the_open_consultation(self, issued, next_visit, doctor):
        written = rewriting.again(issued, encounter=next_visit, by=doctor.user)

        (line,) = PrescriptionLine.objects.filter(prescription__encounter=next_visit)
        assert written == ([line], [])
        assert [getattr(line, name) for name in rewriting.DOSE] == [
            2, "Take 1 mL by mouth twice a day.", 2, 28,
        ]  # fmt: skip
        draft = line.prescription
        assert (draft.status, draft.schedule, draft.repeat_of, draft.replaces) == (
            "draft",
            "S8",
            issued,
            None,
        )
        assert draft.dispense_state == "VIC"

    def test_asked_twice_makes_one_draft(self, issued, next_visit, doctor):
        first, second = (rewriting.again(issued, encounter=next_visit, by=doctor.user) for _ in range(2))

        assert first == second
        assert next_visit.prescriptions.count() == 1

    def test_makes_another_once_the_first_is_discarded(self, issued, next_visit, doctor):
        (line,), _ = rewriting.again(issued, encounter=next_visit, by=doctor.user)
        prescribing.remove_line(line, by=doctor.user)

        (another,), _ = rewriting.again(issued, encounter=next_visit, by=doctor.user)

        assert another.prescription != line.prescription
        assert another.prescription.status == Prescription.Status.DRAFT

    def test_leaves_out_what_may_not_be_prescribed_now_and_says_why(
        self, ready, doctor, code_of, make_product
    ):
        nothing = {f"{name}_{part}": "" for name in ("thc", "cbd") for part in ("op", "unit", "basis")}
        tablet = nothing | {"kind": "conventional", "schedule": "S4", "thc_value": None, "cbd_value": None}
        tablet |= {"tga_category": None, "tga_category_stated": None}
        kept, gone = (make_product(name, strength="5 mg", **tablet) for name in ("Kept", "Gone"))
        prescribing.remove_line(ready.lines.get(), by=doctor.user)
        for product in (kept, gone):
            line = prescribing.write(ready.encounter, product=product, by=doctor.user, **DOSE)
        prescribing.issue(line.prescription, by=doctor.user, code=code_of(doctor.user))
        earlier = Prescription.objects.get(pk=line.prescription_id)
        discontinue(gone)

        written = rewriting.again(earlier, encounter=ready.encounter, by=doctor.user)

        assert [line.product for line in written.lines] == [kept]
        assert len(written.left_out) == 1
        assert "Gone" in written.left_out[0]

    def test_drafts_nothing_when_nothing_is_left(self, issued, next_visit, doctor):
        discontinue(issued.lines.get().product)

        with pytest.raises(rewriting.NothingLeft, match="discontinued"):
            rewriting.again(issued, encounter=next_visit, by=doctor.user)

        assert next_visit.prescriptions.count() == 0

    def test_is_of_the_patient_who_is_seen_and_of_their_doctor(
        self, issued, doctor, make_doctor, make_patient, make_slot, settle, next_visit
    ):
        neighbour = make_patient("neighbour")
        elsewhere = consulting.open(
            settle(booking.hold(make_slot(hours=96), patient=neighbour, by=neighbour.user)), by=doctor.user
        )

        with pytest.raises(rewriting.AnotherPatient):
            rewriting.again(issued, encounter=elsewhere, by=doctor.user)
        with pytest.raises(consulting.NotTheirs):
            rewriting.again(issued, encounter=next_visit, by=make_doctor("colleague").user)

        assert Prescription.objects.count() == 1

    @pytest.mark.parametrize("state", ["draft", "void"])
    def test_copies_only_what_is_in_force(self, ready, doctor, code_of, state):
        if state == "void":
            prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user))
            prescribing.cancel(ready, by=doctor.user, why="Wrong strength.")

        with pytest.raises(rewriting.NotIssued):
            rewriting.again(ready, encounter=ready.encounter, by=doctor.user)

    def test_copies_what_it_is_for_from_the_doctors_own_script_alone(
        self, issued, next_visit, doctor, make_doctor, make_slot, settle
    ):
        colleague, patient = make_doctor("colleague"), issued.patient
        held = booking.hold(make_slot(hours=90, of=colleague), patient=patient, by=patient.user)
        theirs = consulting.open(settle(held), by=colleague.user)

        (own,), _ = rewriting.again(issued, encounter=next_visit, by=doctor.user)
        (other,), _ = rewriting.again(issued, encounter=theirs, by=colleague.user)

        assert (own.prescription.indication, other.prescription.indication) == ("Chronic pain", "")

    def test_is_checked_like_any_other(self, issued, next_visit, doctor, code_of):
        """No call, no location, no look at monitoring that is of this consultation: nothing is signed."""
        (line,), _ = rewriting.again(issued, encounter=next_visit, by=doctor.user)

        with pytest.raises(prescribing.NotAllowed):
            prescribing.issue(line.prescription, by=doctor.user, code=code_of(doctor.user))


class TestReplace:
    def test_makes_the_old_one_void_and_the_new_one_names_it(self, issued, doctor, code_of):
        before = Prescription.objects.values("content", "content_sha256", "number").get(pk=issued.pk)

        (line,), _ = rewriting.replace(
            issued, encounter=issued.encounter, why="Wrong directions.", by=doctor.user
        )
        prescribing.issue(line.prescription, by=doctor.user, code=code_of(doctor.user))

        issued.refresh_from_db()
        successor = Prescription.objects.get(replaces=issued)
        assert (issued.status, successor.status) == ("cancelled", "issued")
        assert Prescription.objects.values(*before).get(pk=issued.pk) == before
        assert successor.content["replaces"] == issued.number
        assert successor.number > issued.number
        assert issued.history.first().history_change_reason == "Wrong directions."

    def test_without_a_reason_changes_nothing(self, issued, doctor):
        with pytest.raises(prescribing.NoReason):
            rewriting.replace(issued, encounter=issued.encounter, why=" ", by=doctor.user)

        assert Prescription.objects.get().status == Prescription.Status.ISSUED

    def test_is_not_for_a_colleague(self, issued, make_doctor, make_slot, settle):
        colleague, patient = make_doctor("colleague"), issued.patient
        held = booking.hold(make_slot(hours=90, of=colleague), patient=patient, by=patient.user)
        theirs = consulting.open(settle(held), by=colleague.user)

        with pytest.raises(consulting.NotTheirs):
            rewriting.replace(issued, encounter=theirs, why="Mine is better.", by=colleague.user)

        assert Prescription.objects.get().status == Prescription.Status.ISSUED


class TestFavourites:
    def test_a_line_is_kept_once_and_written_again(self, issued, next_visit, doctor):
        line = issued.lines.get()
        kept, again = (rewriting.keep(line, by=doctor.user) for _ in range(2))

        written = rewriting.write_favourite(kept, encounter=next_visit, by=doctor.user)

        assert kept == again
        assert [*rewriting.favourites(doctor.user)] == [kept]
        assert (written.product, written.quantity, written.directions, written.repeats) == (
            line.product, 2, "Take 1 mL by mouth twice a day.", 2,
        )  # fmt: skip

    def test_of_what_is_off_sale_is_not_offered(self, issued, next_visit, doctor):
        kept = rewriting.keep(issued.lines.get(), by=doctor.user)
        discontinue(kept.product)
        kept.refresh_from_db()

        assert [*rewriting.favourites(doctor.user)] == []
        with pytest.raises(listing.NotPrescribable):
            rewriting.write_favourite(kept, encounter=next_visit, by=doctor.user)

    def test_are_each_doctors_own(self, issued, doctor, make_doctor, manager):
        kept = rewriting.keep(issued.lines.get(), by=doctor.user)
        colleague = make_doctor("colleague").user

        with pytest.raises(consulting.NotTheirs):
            rewriting.drop(kept, by=colleague)
        with pytest.raises(prescribing.NotAPrescriber):
            rewriting.keep(issued.lines.get(), by=manager)

        assert [*rewriting.favourites(colleague)] == []
        assert Favourite.objects.kept().get() == kept

    def test_go_off_the_list_and_may_come_back(self, issued, doctor):
        kept = rewriting.keep(issued.lines.get(), by=doctor.user)

        rewriting.drop(kept, by=doctor.user)
        assert [*rewriting.favourites(doctor.user)] == []
        assert rewriting.keep(issued.lines.get(), by=doctor.user) != kept
