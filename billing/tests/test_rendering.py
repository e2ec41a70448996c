"""The papers of receipts and credit notes, read back from the PDF."""

import hashlib
import io
import json
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from pypdf import PdfReader

from billing import charging, receipting, refunding, rendering
from billing.models import Receipt, ReceiptPaper
from billing.tests.conftest import FACTS
from config import printing
from messaging.models import Letter

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
LONG = "Maria-Theresia Anastasia Wolfeschlegelsteinhausenbergerdorff-Papadopoulos de la Fuente y Gutiérrez"
NAMES = ["Nguyễn Thị Ánh Tuyết", "محمد بن عبد الله الأنصاري", "Siobhán O’Brien-Łukasiewicz", LONG]


@pytest.fixture
def make_receipt(payer, manager):
    """The receipt of an order that was paid by hand; nobody has printed it yet."""

    def make(*lines: tuple[str, str]) -> Receipt:
        offered = [charging.Line("Consultation", *line) for line in lines or [("gst_free", Decimal("89.00"))]]
        order = charging.open_order(payer=payer, lines=offered, by=None)
        charging.take_payment(order, by=manager, method="transfer")
        return receipting.catch_up(order)[0]

    return make


@pytest.fixture
def receipt(make_receipt):
    return make_receipt()


def words(receipt: Receipt) -> str:
    reader = PdfReader(io.BytesIO(rendering.write_pdf(receipt)))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


class TestReceipt:
    def test_holds_everything_that_a_patient_needs(self, receipt):
        text = words(receipt)

        day = f"{receipt.issued_on:%-d %B %Y}"
        for field in [
            "Receipt",
            f"No. {receipt.number}",
            f"Date of issue {day}",
            "Example Clinic Pty Ltd",
            "trading as Example Clinic",
            "ABN 51 824 753 556",
            "12 Example Street, Sydney NSW 2000",
            "Telephone 02 5550 0100",
            "PATIENT Pat Example",
            "Dr Ada Example Provider no. 2426621B",
            "Short consultation (video)",
            "Tuesday 4 August 2026, 9:30 am AEST (UTC+10:00)",
            "Consultation GST-free A$89.00",
            "Total A$89.00",
            "GST in the total (GST-free) A$0.00",
            f"Paid on {day} (bank transfer) A$89.00",
            "Total paid A$89.00",
            "Outstanding A$0.00",
            "Not eligible for a Medicare rebate",
            f"Order {receipt.order.number}",
            "Page 1 of 1",
        ]:
            assert field in text
        assert "Tax invoice" not in text
        assert "Given back" not in text

    def test_is_a_tax_invoice_where_the_law_asks_for_one(self, make_receipt):
        text = words(make_receipt(("gst_10", Decimal("1110.00")), ("gst_free", Decimal("89.00"))))

        for field in [
            "Tax invoice and receipt",
            "Consultation GST 10 % A$1,110.00",
            "Consultation GST-free A$89.00",
            "Total A$1,199.00",
            "GST in the total A$100.91",
        ]:
            assert field in text

    def test_tells_what_went_back_and_what_was_let_off(self, payer, manager, hand_over):
        order = charging.open_order(payer=payer, lines=[("Visit", "gst_free", Decimal("89.00"))], by=None)
        charging.take_payment(order, by=manager, method="cash", amount=Decimal("50.00"))
        charging.waive(order, by=manager, why="Hardship.")
        refunding.refund(order, amount=Decimal("10.00"), by=manager, why="A courtesy.")
        hand_over()

        text = words(receipting.catch_up(order)[0])

        assert re.search(r"Given back on [^(]* \(cash\) −A\$10.00", text)
        assert "Waived A$39.00" in text

    def test_says_little_of_an_order_that_is_for_no_visit(self, make_receipt, tell):
        issuer = replace(FACTS.issuer, trading_name=FACTS.issuer.legal_name, abn="", phone="")
        tell(replace(FACTS, provider=None, service=None, issuer=issuer))

        text = words(make_receipt())

        for field in ["Practitioner", "PRACTITIONER", "SERVICE", "trading as", "ABN", "Telephone"]:
            assert field not in text

    @pytest.mark.parametrize("name", NAMES)
    def test_has_room_for_every_name(self, make_receipt, tell, name):
        tell(replace(FACTS, patient=name, provider=replace(FACTS.provider, name=f"Dr {name}")))
        receipt = make_receipt()

        reader = PdfReader(io.BytesIO(rendering.write_pdf(receipt)))

        assert len(reader.pages) == 1
        assert receipt.content["patient"]["name"] == name

    def test_prints_names_as_text(self, make_receipt, tell):
        tell(replace(FACTS, patient="<b>Pat</b> & Co"))

        assert "<b>Pat</b> & Co" in words(make_receipt())


class TestCreditNote:
    def test_refers_to_its_receipt(self, receipt, manager, hand_over):
        order = receipt.order
        refunding.refund(order, amount=Decimal("30.00"), by=manager, why="She was rude.")
        hand_over()
        [note] = receipting.catch_up(order)

        text = words(note)

        for field in [
            "Credit note",
            f"No. {note.number}",
            f"Credit to receipt {receipt.number} of {receipt.issued_on:%-d %B %Y} A$30.00",
            "GST in this amount (GST-free) A$0.00",
            "(bank transfer) A$30.00",
            "Reason: Money was given back.",
            "Pat Example",
            "ABN 51 824 753 556",
        ]:
            assert field in text
        for field in ["rude", "Total", "Outstanding", "Medicare", "Waived"]:
            assert field not in text

    def test_is_an_adjustment_note_to_a_tax_invoice(self, make_receipt, manager, hand_over):
        receipt = make_receipt(("gst_10", Decimal("110.00")))
        refunding.refund(receipt.order, by=manager, why="Returned.")
        hand_over()
        [note] = receipting.catch_up(receipt.order)

        text = words(note)

        assert "Credit note (adjustment note)" in text
        assert "GST in this amount A$10.00" in text


class TestPaper:
    def test_is_archivable_with_its_content_attached(self, receipt):
        reader = PdfReader(io.BytesIO(rendering.write_pdf(receipt)))

        [(name, [attached])] = reader.attachments.items()
        metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()
        assert name == f"receipt-{receipt.number.replace('/', '-')}.json"
        assert json.loads(attached) == receipt.content
        assert hashlib.sha256(attached).hexdigest() == receipt.content_sha256
        assert re.search(r'part(="|>)3', metadata)
        assert re.search(r'conformance(="|>)A', metadata)
        assert (reader.trailer["/Root"]["/Lang"], reader.metadata.title) == (
            "en-AU",
            f"Receipt {receipt.number}",
        )

    @pytest.mark.parametrize("name", NAMES)
    def test_embeds_its_fonts(self, make_receipt, tell, name):
        tell(replace(FACTS, patient=name))
        pages = PdfReader(io.BytesIO(rendering.write_pdf(make_receipt()))).pages

        fonts = [
            font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            for page in pages
            for font in page["/Resources"]["/Font"].get_object().values()
        ]

        assert fonts != []
        assert all({"/FontFile2", "/FontFile3"} & set(font.keys()) for font in fonts)

    def test_is_printed_once_and_the_payer_told_once(self, receipt, work):
        work()
        rendering.print_receipt(receipt)

        paper, letter = ReceiptPaper.objects.get(), Letter.objects.get(template="billing/mail/receipt_ready")
        first = rendering.read(receipt)
        assert first == rendering.read(receipt) == rendering.write_pdf(receipt)
        assert hashlib.sha256(first).hexdigest() == paper.sha256
        assert letter.context == {"name": "Patient", "what": "receipt", "path": "/portal/receipts/"}
        assert letter.to == receipt.order.payer.email
        assert re.fullmatch(r"receipts/\d{4}/\d\d/[0-9a-f-]{36}\.pdf", paper.file.name)

    def test_of_a_credit_note_the_payer_is_told_in_words_of_its_own(self, receipt, manager, hand_over):
        refunding.refund(receipt.order, by=manager, why="Their wish.")
        hand_over()
        [note] = receipting.catch_up(receipt.order)

        rendering.print_receipt(note)

        [letter] = Letter.objects.filter(template="billing/mail/refund_made")
        assert (letter.to, letter.context["path"]) == (receipt.order.payer.email, "/portal/receipts/")

    def test_is_not_handed_out_before_it_is_printed(self, receipt):
        with pytest.raises(rendering.NotPrinted, match="in a minute"):
            rendering.read(receipt)

    def test_is_not_handed_out_when_it_is_not_the_one_that_was_kept(self, receipt, files):
        rendering.print_receipt(receipt)
        (files / ReceiptPaper.objects.get().file.name).write_bytes(b"%PDF-1.7 something else")

        with pytest.raises(printing.Damaged):
            rendering.read(receipt)
