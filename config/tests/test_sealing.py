"""The integrity seal of kept papers: off unless wanted, whole while the file is, broken by one byte."""

import datetime
import hashlib
import io
import subprocess
import sys

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from django.conf import settings as django_settings
from django.utils import timezone
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader

from config import checks, printing, sealing

PASSPHRASE = "only for this test"
PAGE = "<html lang=en><title>A paper</title><h1>Receipt</h1><p>Nguyễn</p></html>"
NOON = datetime.datetime(2026, 3, 2, 1, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def paper() -> bytes:
    attached = printing.Attachment("paper.json", "What it says", {"says": "Receipt"}, NOON)
    return printing.write_page(PAGE, attached=attached, identity="paper")


@pytest.fixture
def certify(settings, tmp_path):
    """Make a certificate of the practice, and name it in the environment."""

    def do(*, from_days: int = -1, until_days: int = 365) -> asn1.Certificate:
        key, now = ec.generate_private_key(ec.SECP256R1()), timezone.now()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example Clinic")])
        uses = dict.fromkeys(
            ["key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"], False
        )
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=from_days))
            .not_valid_after(now + datetime.timedelta(days=until_days))
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True,
                    content_commitment=True,
                    encipher_only=False,
                    decipher_only=False,
                    **uses,
                ),
                critical=True,
            )
            .sign(key, hashes.SHA256())
        )
        secret = serialization.BestAvailableEncryption(PASSPHRASE.encode())
        file = tmp_path / "practice.p12"
        file.write_bytes(pkcs12.serialize_key_and_certificates(b"practice", key, certificate, None, secret))
        settings.SEAL_CERTIFICATE, settings.SEAL_PASSPHRASE = str(file), PASSPHRASE
        return asn1.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))

    return do


def look(pdf: bytes, certificate: asn1.Certificate):
    """What a reader who trusts the practice's certificate finds."""
    [seal] = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    return validate_pdf_signature(seal, ValidationContext(trust_roots=[certificate]))


class TestSeal:
    def test_is_off_until_a_certificate_is_named(self, paper):
        assert sealing.seal(paper) is paper

    def test_holds_while_the_file_is_what_it_was(self, paper, certify):
        certificate = certify()

        found = look(sealing.seal(paper), certificate)

        assert (found.bottom_line, found.intact, found.trusted) == (True, True, True)
        assert found.coverage == SignatureCoverageLevel.ENTIRE_FILE

    def test_is_broken_by_one_changed_byte(self, paper, certify):
        certificate = certify()
        sealed = bytearray(sealing.seal(paper))
        sealed[sealed.index(b"stream") + 20] ^= 1

        found = look(bytes(sealed), certificate)

        assert (found.bottom_line, found.intact) == (False, False)

    def test_does_not_hold_for_who_trusts_another_certificate(self, paper, certify):
        stranger = certify()
        certify()

        found = look(sealing.seal(paper), stranger)

        assert (found.bottom_line, found.intact, found.trusted) == (False, True, False)

    def test_is_added_behind_a_paper_that_stays_pdf_a_with_its_letters_and_attachment(self, paper, certify):
        certify()

        sealed = sealing.seal(paper)

        assert sealed.startswith(paper)
        reader = PdfReader(io.BytesIO(sealed))
        metadata = reader.xmp_metadata.stream.get_data().decode()
        assert 'pdfaid:part="3"' in metadata or "<pdfaid:part>3<" in metadata
        assert reader.attachments["paper.json"] == [b'{"says":"Receipt"}']
        fonts = reader.pages[0]["/Resources"]["/Font"].values()
        descendants = [font.get_object()["/DescendantFonts"][0].get_object() for font in fonts]
        assert descendants
        assert all("/FontFile2" in font["/FontDescriptor"] for font in descendants)

    def test_is_never_called_a_signature(self, paper, certify):
        certify()

        [seal] = PdfFileReader(io.BytesIO(sealing.seal(paper))).embedded_signatures

        assert (seal.field_name, seal.sig_object["/Reason"]) == ("IntegritySeal", sealing.MEANING)
        assert "It is not a signature." in sealing.MEANING

    @pytest.mark.parametrize(("from_days", "until_days"), [(-9, -1), (1, 9)])
    def test_refuses_a_certificate_that_is_not_in_force(self, paper, certify, from_days, until_days):
        certify(from_days=from_days, until_days=until_days)

        with pytest.raises(sealing.Unsealable):
            sealing.seal(paper)

    @pytest.mark.parametrize("passphrase", ["wrong", ""])
    def test_refuses_a_certificate_that_cannot_be_read(self, paper, certify, settings, passphrase):
        certify()
        settings.SEAL_PASSPHRASE = passphrase

        with pytest.raises(sealing.Unsealable):
            sealing.seal(paper)

    @pytest.mark.parametrize(
        ("until_days", "codes"), [(31, []), (29, ["config.W002"]), (-1, ["config.W002"])]
    )
    def test_warns_a_month_before_the_certificate_ends(self, certify, until_days, codes):
        certify(from_days=-9, until_days=until_days)

        assert [warning.id for warning in checks.seal_holds()] == codes

    def test_warns_of_a_certificate_that_cannot_be_read(self, certify, settings):
        assert checks.seal_holds() == []

        certify()
        settings.SEAL_PASSPHRASE = "wrong"

        assert [warning.id for warning in checks.seal_holds()] == ["config.W001"]

    def test_costs_no_memory_where_nothing_is_sealed(self):
        asked = "import sys, config.sealing; sys.exit('pyhanko' in sys.modules)"

        found = subprocess.run([sys.executable, "-c", asked], cwd=django_settings.BASE_DIR, check=False)

        assert found.returncode == 0


@pytest.mark.usefixtures("files")
class TestKeptPapers:
    def test_have_the_fingerprint_of_the_sealed_file(self, paper, certify):
        certificate = certify()

        name, sha256 = printing.keep(paper, folder="documents")

        kept = printing.read(name, sha256=sha256)
        assert look(kept, certificate).bottom_line
        assert hashlib.sha256(kept).hexdigest() == sha256
