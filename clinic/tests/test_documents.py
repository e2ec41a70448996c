"""The two papers of a prescription, read back from the PDF."""

import base64
import hashlib
import io
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.files.storage import default_storage
from PIL import Image
from pypdf import PdfReader

from clinic import documents, prescribing, tasks
from clinic.models import Document, Prescription
from config import printing
from messaging.models import Letter, Message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
FORBIDDEN = re.compile(r"\be-?script|electronic prescription|\btoken\b", re.IGNORECASE)


@pytest.fixture
def issue(ready, doctor, code_of):
    """Issue the script, dispensed in a state; the worker then makes its papers."""

    def do(state: str = "VIC") -> Prescription:
        if state != ready.dispense_state:
            doctor.change(by=None, state=state)  # whoever works elsewhere is asked to think of it
            prescribing.send_to(ready, state=state, indication="Chronic pain", by=doctor.user)
            prescribing.record_monitoring(ready.encounter, state=state, result="no_alert", by=doctor.user)
        prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user))
        tasks.render_prescription(str(ready.pk))
        return Prescription.objects.get(pk=ready.pk)

    return do


def read(prescription: Prescription, kind: str) -> PdfReader:
    document = prescription.documents.get(kind=kind)
    with default_storage.open(document.file.name) as file:
        return PdfReader(io.BytesIO(file.read()))


def words(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


class TestPrintAndSign:
    def test_holds_every_field_that_a_state_asks_for(self, issue, doctor):
        doctor.change(by=None, prescriber_number="2425739", provider_number="2426621B")
        script = issue()

        text = words(read(script, "print_and_sign"))

        for field in [
            "PRINT-AND-SIGN",
            "Dr Doctor Example",
            "MBBS, FRACGP",
            "12 Example Street, Sydney NSW 2000",
            "0255500100",
            doctor.ahpra_number,
            "2425739",
            "2426621B",
            "Patient Example",
            "1 Example Road, Geelong VIC 3220",
            "Date of birth 10 May 1980",
            "Date of prescribing",
            "Valid until",
            "Night Oil",
            "delta-9-tetrahydrocannabinol (THC)",
            "THC 25 mg/mL",
            "Oral liquid",
            "2 (two) packs of 30 mL, in all 60 (sixty) millilitres",
            "Take 1 mL by mouth twice a day.",
            "2 (two), repeat interval at least 28 days",
            "Unapproved therapeutic good",
            "TGA reference MC26/104233",
            "Prescriber's signature in ink".upper(),
            "Prescriber's initials",
            f"Prescription number {script.number}",
            "Page 1 of 1",
        ]:
            assert field in text

    def test_is_one_page_even_with_room_for_handwriting(self, issue):
        reader = read(issue("NSW"), "print_and_sign")

        text = words(reader)
        assert len(reader.pages) == 1
        for box in (
            "Name of the medicine",
            "Quantity in words and figures",
            "Number of repeats",
            "Repeat interval",
        ):
            assert box in text

    def test_has_no_room_for_handwriting_where_no_state_asks(self, issue):
        assert "own handwriting" not in words(read(issue("VIC"), "print_and_sign"))

    def test_prints_nought_repeats_and_the_states_authority(self, issue, ready, doctor):
        ready.lines.get().change(by=None, repeats=0, interval_days=None)
        ready.change(by=None, state_authority="VIC-8841")

        text = words(read(issue(), "print_and_sign"))

        assert "Repeats 0 (zero)" in text
        assert "VIC-8841" in text


NAMES = [
    "محمد عبد الله الحسيني",
    "Nguyễn Thị Phương Thảo Đặng",
    "Maximiliana-Theodora Featherstonehaugh-Cholmondeley von Wittelsbach-Hohenzollern the Younger",
]
SIXTY = "Extra Long Full Spectrum Balanced Night Oil Twenty-Five to 1"


class TestWhatIsHardToPrint:
    @pytest.mark.parametrize("kind", [*documents.TEMPLATES])
    @pytest.mark.parametrize("name", NAMES)
    def test_names_are_whole_and_drawn_in_our_own_letters(self, issue, kind, name):
        script = issue("NSW")
        script.content["patient"]["name"] = name
        script.content["lines"][0]["name"] = SIXTY

        reader = PdfReader(io.BytesIO(documents.write_pdf(script, kind=kind, secret="x")))

        text = words(reader)
        assert len(SIXTY) == 60
        assert name in text
        assert SIXTY in text
        fonts = {
            str(font.get_object()["/BaseFont"]).partition("+")[2]
            for page in reader.pages
            for font in page["/Resources"]["/Font"].get_object().values()
        }
        assert {one[:6] for one in fonts} == {"Papers"}

    def test_three_medicines_on_a_form_are_each_whole(self, issue):
        script = issue()
        [line] = script.content["lines"]
        names = ["Day Tablet", "Noon Tablet", "Night Tablet"]
        script.content |= {"schedule": "S4", "lines": [line | {"name": name} for name in names]}

        paper = PdfReader(io.BytesIO(documents.write_pdf(script, kind="print_and_sign", secret="x")))

        text = words(paper)
        assert [text.count(name) for name in names] == [1, 1, 1]
        assert text.count("Take 1 mL by mouth twice a day.") == 3
        assert text.count("signature in ink".upper()) == 1

    def test_a_second_page_says_whose_it_is(self, issue):
        script = issue("NSW")
        script.content["lines"][0]["directions"] = "Take 0.25 mL by mouth at night. " * 40

        pages = PdfReader(io.BytesIO(documents.write_pdf(script, kind="print_and_sign", secret="x"))).pages

        assert len(pages) == 2
        second = " ".join(pages[1].extract_text().split())
        assert f"Prescription {script.number} for Patient Example" in second
        assert "Page 2 of 2" in second
        assert f"Prescription {script.number} for" not in pages[0].extract_text()

    def test_a_replacement_names_what_it_replaces(self, issue):
        script = issue()
        script.content["replaces"] = 99

        paper = PdfReader(io.BytesIO(documents.write_pdf(script, kind="print_and_sign", secret="x")))
        assert "In place of 99, which is void" in words(paper)


class TestPatientCopy:
    def test_says_that_it_cannot_be_dispensed_and_has_no_place_for_a_signature(self, issue):
        text = words(read(issue(), "patient_copy"))

        assert text.count("PATIENT COPY – NOT A PRESCRIPTION, CANNOT BE DISPENSED") == 2
        assert "signature in ink" not in text.lower()
        assert "Take 1 mL by mouth twice a day." in text


@pytest.mark.parametrize("kind", [*documents.TEMPLATES])
class TestBoth:
    def test_are_archivable_with_the_issued_content_attached(self, issue, kind):
        script = issue()
        reader = read(script, kind)

        (name, [attached]), *more = reader.attachments.items()
        metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()
        assert more == []
        assert name == f"prescription-{script.number}.json"
        assert json.loads(attached) == script.content
        assert hashlib.sha256(attached).hexdigest() == script.content_sha256
        assert re.search(r'part(="|>)3', metadata)
        assert re.search(r'conformance(="|>)A', metadata)
        assert reader.trailer["/Root"]["/Lang"] == "en-AU"

    def test_embed_their_fonts(self, issue, kind):
        fonts = [
            font.get_object()
            for page in read(issue(), kind).pages
            for font in page["/Resources"]["/Font"].get_object().values()
        ]

        described = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
        assert fonts != []
        assert all({"/FontFile2", "/FontFile3"} & set(one.keys()) for one in described)

    def test_carry_a_code_that_leads_to_their_page_and_names_nobody(self, issue, kind, settings):
        settings.BASE_URL = "https://clinic.example"
        script = issue()
        secret = script.documents.get(kind=kind).secret

        text = words(read(script, kind)).replace(" ", "")
        assert f"https://clinic.example/verify/{secret}/" in text
        assert "date of birth; nothing can be dispensed from it" in words(read(script, kind))

    def test_claim_to_be_nothing_else(self, issue, kind):
        reader = read(issue(), kind)

        assert FORBIDDEN.findall(words(reader) + reader.metadata.title) == []

    def test_are_the_same_bytes_again(self, issue, kind):
        script = issue()
        secret = script.documents.get(kind=kind).secret

        first, second = (documents.write_pdf(script, kind=kind, secret=secret) for _ in range(2))

        assert first == second
        assert hashlib.sha256(first).hexdigest() == script.documents.get(kind=kind).sha256


class TestRender:
    def test_keeps_both_and_tells_the_patient_once(self, issue, patient):
        script = issue()
        tasks.render_prescription(str(script.pk))

        letters = Letter.objects.filter(template="clinic/mail/document_ready")
        said = Message.objects.filter(text__contains="document")
        assert sorted(script.documents.values_list("kind", flat=True)) == ["patient_copy", "print_and_sign"]
        assert [letter.to for letter in letters] == [patient.user.email]
        assert [message.recorded_by for message in said] == [None]
        assert said.get().room == script.encounter.appointment.room

    def test_tells_nothing_of_the_medicine(self, issue):
        issue()

        letter = Letter.objects.get(template="clinic/mail/document_ready")
        assert letter.context == {"name": "Patient", "path": "/portal/documents/"}

    def test_leaves_alone_what_was_cancelled_before_the_worker_came(self, ready, doctor, code_of, files):
        prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user))
        prescribing.cancel(ready, by=doctor.user, why="Wrong strength.")
        tasks.render_prescription(str(ready.pk))

        assert Document.objects.count() == 0
        assert [*files.rglob("*.pdf")] == []
        assert not Letter.objects.filter(template="clinic/mail/document_ready").exists()

    def test_keeps_nothing_of_what_is_cancelled_while_it_is_rendered(self, ready, doctor, code_of, files):
        prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user))
        as_the_worker_read_it = Prescription.objects.get(pk=ready.pk)
        prescribing.cancel(ready, by=doctor.user, why="Wrong strength.")

        documents.render(as_the_worker_read_it)

        assert Document.objects.count() == 0
        assert [*files.rglob("*.pdf")] == []

    def test_leaves_a_draft_alone(self, ready, files):
        documents.render(ready)

        assert Document.objects.count() == 0
        assert [*files.rglob("*.pdf")] == []

    def test_names_files_by_nothing_that_points_to_a_person(self, issue):
        issue()

        names = [document.file.name for document in Document.objects.all()]
        assert len(names) == 2
        for name in names:
            assert re.fullmatch(r"documents/\d{4}/\d\d/[0-9a-f-]{36}\.pdf", name)

    def test_hands_out_no_file_that_is_not_the_one_it_kept(self, issue, files):
        document = issue().documents.get(kind="patient_copy")
        before = documents.read(document)

        (files / document.file.name).write_bytes(b"%PDF-1.7 something else")

        assert before.startswith(b"%PDF-1.7")
        with pytest.raises(printing.Damaged):
            documents.read(document)
        (files / document.file.name).unlink()
        with pytest.raises(printing.Damaged):
            documents.read(document)

    def test_prints_what_people_typed_as_text(self, issue):
        script = issue()
        script.content["patient"]["name"] = "<b>Patient</b> & Co"

        text = words(PdfReader(io.BytesIO(documents.write_pdf(script, kind="patient_copy", secret="x"))))

        assert "<b>Patient</b> & Co" in text

    def test_fetches_nothing(self, issue, listener, put_on_paper, tmp_path):
        address, asked = listener
        (tmp_path / "local.png").write_bytes(picture("red"))
        carried = base64.b64encode(picture("green")).decode()
        put_on_paper(
            f'<link rel="stylesheet" href="{address}/paper.css"><img src="{address}/remote.png">'
            f'<img src="file://{tmp_path}/local.png"><img src="data:image/png;base64,{carried}">'
        )

        paper = PdfReader(io.BytesIO(documents.write_pdf(issue(), kind="patient_copy", secret="x")))

        drawn = [one.image.convert("RGB").getpixel((0, 0)) for page in paper.pages for one in page.images]
        assert asked == []
        assert drawn == [(0, 128, 0)]  # what the page itself carries, and nothing else


def picture(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def listener():
    """The address of a server here that has every picture, and what it was asked for."""
    asked = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(picture("blue"))

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


@pytest.fixture
def put_on_paper(settings, tmp_path):
    """Write HTML at the head of the patient's copy."""

    def put(html: str) -> None:
        folder = tmp_path / "templates"
        paper = folder / "clinic/pdf/patient_copy.html"
        paper.parent.mkdir(parents=True)
        above = f"{{% block above %}}{html}{{{{ block.super }}}}{{% endblock %}}"
        paper.write_text(f'{{% extends "clinic/pdf/patient_copy.html" %}}{above}')
        [engine] = settings.TEMPLATES
        settings.TEMPLATES = [engine | {"DIRS": [folder, *engine["DIRS"]]}]

    return put
