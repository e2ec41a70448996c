"""Papers to sign and to send on the staff site, and the pharmacies."""

import pytest
from django.urls import reverse

from clinic import dispatching, prescribing, tasks
from clinic.models import DispenseNote, Original, Pharmacy, Prescription

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


def page(name: str, *args) -> str:
    return reverse(f"admin:clinic_original_{name}", args=args)


@pytest.fixture
def original(issued) -> Original:
    tasks.render_prescription(str(issued.pk))
    return issued.original


@pytest.fixture
def press(staff_client):
    """Press a button on the page of an original; the sentences that the next page shows."""

    def do(who, name: str, original: Original, **values) -> list[str]:
        client = staff_client(who)
        answer = client.post(page(name, original.pk), {"_form_submitted": "on", **values})
        assert answer.status_code == 200
        told = client.get(answer.headers["HX-Redirect"]).context["messages"]
        return [str(sentence) for sentence in told]

    return do


class TestTheWayOfAPaper:
    def test_from_the_printer_to_the_pharmacy_and_its_call(
        self, press, original, issued, doctor, reception, pharmacy
    ):
        number = issued.number
        assert press(reception, "choose", original, pharmacy=pharmacy.pk) == [f"It goes to {pharmacy}."]
        assert press(doctor.user, "sign", original) == [
            f"Original of prescription {number} is signed. It can be sent now."
        ]
        sent = press(reception, "send", original, pharmacy=pharmacy.pk, way="courier", tracking="33XYZ")
        assert [sentence.partition(".")[0] for sentence in sent] == [
            f"Original of prescription {number} is on its way to {pharmacy}"
        ]
        assert press(reception, "call", original, caller="Kim", text="Dispensed.", dispensed_on="") == [
            "What the pharmacy said is noted."
        ]

        original.refresh_from_db()
        assert (original.status, original.way, original.tracking) == ("sent", "courier", "33XYZ")
        assert DispenseNote.objects.get().caller == "Kim"

    def test_its_page_offers_what_can_be_done_now(
        self, staff_client, press, original, issued, doctor, pharmacy
    ):
        def offered() -> list[str]:
            found = staff_client(doctor.user).get(page("change", original.pk)).context["actions_detail"]
            return [button["title"] for button in found]

        at_first = offered()
        press(doctor.user, "sign", original)
        signed = offered()
        press(doctor.user, "send", original, pharmacy=pharmacy.pk, way="post", tracking="")
        sent = offered()
        prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")

        assert at_first == ["Signed in ink", "Choose the pharmacy"]
        assert signed == ["Choose the pharmacy", "Sent"]
        assert (sent, offered()) == (["The pharmacy rang"], ["Pharmacy told", "The pharmacy rang"])

    def test_a_refusal_is_told_and_nothing_changes(self, press, original, doctor, pharmacy, issued):
        assert press(doctor.user, "send", original, pharmacy=pharmacy.pk, way="post") != []
        prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")

        assert ["void" in told for told in press(doctor.user, "sign", original)] == [True]
        assert Original.objects.get().status == "to_sign"

    def test_the_desk_does_not_sign(self, staff_client, original, reception, manager, auditor):
        for who in (reception, manager, auditor):
            answer = staff_client(who).post(page("sign", original.pk), {"_form_submitted": "on"})
            assert answer.status_code == 403

        assert Original.objects.get().status == "to_sign"


class TestList:
    def test_shows_the_desk_whose_and_where_to_and_no_medicine(
        self, staff_client, original, reception, issued, pharmacy
    ):
        dispatching.choose(original, pharmacy=pharmacy, by=reception)
        client = staff_client(reception)

        listed, one = (
            client.get(address).content.decode()
            for address in (page("changelist"), page("change", original.pk))
        )

        for text in (listed, one):
            assert str(issued.number) in text
            assert "Patient Example" in text
            assert "Corner Pharmacy" in text
            for kept_back in ("Night Oil", "0.25 mL", "THC", "/files/"):
                assert kept_back not in text

    def test_offers_the_form_to_the_prescriber(self, staff_client, original, doctor):
        text = staff_client(doctor.user).get(page("change", original.pk)).content.decode()

        form = original.prescription.documents.get(kind="print_and_sign")
        assert reverse("file", args=[form.pk]) in text

    def test_is_empty_for_a_stranger(self, staff_client, original, make_doctor):
        stranger = staff_client(make_doctor("stranger").user)

        assert stranger.get(page("changelist")).context["cl"].result_count == 0
        assert stranger.get(page("change", original.pk)).headers["Location"] == "/admin/"
        assert stranger.get(page("history", original.pk)).status_code == 404
        assert stranger.post(page("sign", original.pk), {"_form_submitted": "on"}).status_code == 404

    def test_asks_no_more_for_three_than_for_one(
        self, staff_client, original, reception, doctor, make_product, code_of, django_assert_max_num_queries
    ):
        client = staff_client(reception)
        client.get(page("changelist"))
        with django_assert_max_num_queries(30) as one:
            client.get(page("changelist"))
        for name in ("Day Oil", "Noon Oil"):
            line = prescribing.write(
                original.prescription.encounter, product=make_product(name), quantity=1,
                directions="Take 0.25 mL at night.", interval_days=28, repeats=1, by=doctor.user,
            )  # fmt: skip
            Original.objects.add(by=None, prescription=line.prescription)

        with django_assert_max_num_queries(30) as three:
            assert client.get(page("changelist")).context["cl"].result_count == 3

        assert len(three) == len(one)
        assert Prescription.objects.count() == 3


class TestQueues:
    def test_count_what_waits(self, staff_client, original, doctor, reception, manager, pharmacy, issued):
        def shown(who) -> dict:
            context = staff_client(who).get("/admin/").context
            return {
                figure.label: figure.value for figure in [*context["numbers"], *context.get("queues", [])]
            }

        assert shown(doctor.user)["Papers to sign"] == 1
        dispatching.sign(original, by=doctor.user)
        assert shown(doctor.user)["Papers to sign"] == 0
        assert shown(reception)["Prescriptions to send"] == 1
        assert shown(manager)["Signed prescriptions to send"] == 1
        dispatching.send(original, pharmacy=pharmacy, way="post", by=reception)
        assert shown(reception)["Prescriptions to send"] == 0
        prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")
        assert shown(manager)["Void prescriptions that a pharmacy holds"] == 1

    @pytest.mark.parametrize(
        "narrowed",
        ["status__exact=to_send&prescription__status__exact=issued", "pharmacy_told_at__isnull=True"],
    )
    def test_lead_to_their_lists(self, staff_client, original, manager, narrowed):
        assert staff_client(manager).get(f"{page('changelist')}?{narrowed}").status_code == 200


class TestPharmacies:
    FIELDS = {
        "name": "North Pharmacy", "street": "1 North Road", "suburb": "Darwin", "state": "NT",
        "postcode": "0800", "phone": "0855500100", "approval_number": "", "is_offered": "on",
    }  # fmt: skip

    def test_are_kept_by_the_desk(self, staff_client, reception):
        client = staff_client(reception)
        address = reverse("admin:clinic_pharmacy_add")

        assert client.post(address, self.FIELDS | {"postcode": "80"}).status_code == 400
        assert client.post(address, self.FIELDS).status_code == 302
        assert client.post(address, self.FIELDS).status_code == 400
        assert Pharmacy.objects.get().postcode == "0800"

    def test_are_read_by_doctors_and_hidden_from_patients(
        self, staff_client, client, doctor, patient, pharmacy
    ):
        listed = reverse("admin:clinic_pharmacy_changelist")
        client.force_login(patient.user)

        assert "Corner Pharmacy" in staff_client(doctor.user).get(listed).content.decode()
        assert staff_client(doctor.user).get(reverse("admin:clinic_pharmacy_add")).status_code == 403
        assert client.get(listed).status_code == 404


class TestThePatient:
    def test_reads_where_the_original_went_behind_the_sign_in(
        self, client, original, doctor, reception, pharmacy, patient
    ):
        dispatching.sign(original, by=doctor.user)
        dispatching.send(original, pharmacy=pharmacy, way="post", tracking="33XYZ", by=reception)
        client.force_login(patient.user)

        text = client.get(reverse("documents")).content.decode()
        assert "Corner Pharmacy, Geelong, by post" in text
        assert "33XYZ" in text
