"""The practice's signature under what must be provable without our server. The one door to cryptography."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from config import evidence


class NoKey(Exception):
    """There is no key to sign with, or it cannot be read."""


def sign(message: bytes) -> str:
    """Sign with AUDIT_KEY (Ed25519); in hex.

    :raises NoKey: AUDIT_KEY is missing or no key
    """
    return _secret().sign(message).hex()


def public_key() -> str:
    """The key by which everybody checks what is signed now; in hex.

    :raises NoKey: AUDIT_KEY is missing or no key
    """
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    return _secret().public_key().public_bytes(*raw).hex()


def known_keys() -> list[str]:
    """The public keys that count: today's, and those in AUDIT_KEYS_RETIRED."""
    try:
        now = [public_key()]
    except NoKey:
        now = []
    return [*now, *settings.AUDIT_KEYS_RETIRED]


def is_ours(message: bytes, signature: str, key: str) -> bool:
    """Whether it was signed with one of our keys, and with this one."""
    return key in known_keys() and evidence.is_signed(message, signature, key)


def _secret() -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(settings.AUDIT_KEY))
    except (ValueError, UnsupportedAlgorithm):
        raise NoKey(
            "AUDIT_KEY is missing, or is not 64 hexadecimal digits. Make one: openssl rand -hex 32"
        ) from None
