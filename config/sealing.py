"""The integrity seal: a certificate of the practice shows whether a kept paper is still what it was.

Whoever has the file can tell without asking us. The seal says nothing of who wrote or signed a paper: a
prescription is signed in ink. Off until the environment names a certificate. The one door to pyHanko.
"""

from __future__ import annotations

import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

if TYPE_CHECKING:
    from pyhanko.sign.signers import SimpleSigner

FIELD = "IntegritySeal"
MEANING = "Integrity seal of the practice: shows whether this file was changed. It is not a signature."


class Unsealable(Exception):
    """The practice wants papers sealed and this cannot be done; no paper is made until it can."""


def seal(pdf: bytes) -> bytes:
    """Seal a PDF (PAdES baseline B-B, invisible); where no certificate is named, return it as it is.

    :raises Unsealable: the certificate cannot be read, or is over
    """
    if not settings.SEAL_CERTIFICATE:
        return pdf
    # It takes some 50 MB, which only a process that seals is to have.
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415
    from pyhanko.sign import fields, signers  # noqa: PLC0415

    signer = _signer()
    certificate = _certificate(signer)
    _refuse_over(certificate.not_valid_before, certificate.not_valid_after)
    meaning = signers.PdfSignatureMetadata(
        field_name=FIELD,
        reason=MEANING,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    sealed = BytesIO()
    signers.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), meaning, signer=signer, output=sealed)
    return sealed.getvalue()


def ends_at() -> datetime.datetime | None:
    """Tell until when the certificate is in force; None where nothing is sealed.

    :raises Unsealable: the certificate cannot be read
    """
    if not settings.SEAL_CERTIFICATE:
        return None
    ends: datetime.datetime = _certificate(_signer()).not_valid_after
    return ends


def _signer() -> SimpleSigner:
    # It takes some 50 MB, which only a process that seals is to have.
    from pyhanko.sign import signers  # noqa: PLC0415

    signer = signers.SimpleSigner.load_pkcs12(
        settings.SEAL_CERTIFICATE, passphrase=settings.SEAL_PASSPHRASE.encode() or None
    )
    if signer is None:
        raise Unsealable("SEAL_CERTIFICATE cannot be read with SEAL_PASSPHRASE.")
    return signer


def _certificate(signer: SimpleSigner) -> Any:
    if signer.signing_cert is None:
        raise Unsealable("SEAL_CERTIFICATE holds no certificate for its key.")
    return signer.signing_cert


def _refuse_over(begins: datetime.datetime, ends: datetime.datetime) -> None:
    if not begins <= timezone.now() <= ends:
        raise Unsealable(f"The certificate of SEAL_CERTIFICATE is for {begins:%d/%m/%Y} to {ends:%d/%m/%Y}.")
