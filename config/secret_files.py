"""Secrets from files: where ``NAME_FILE`` is set, what stands in that file is ``NAME``.

Files are what systemd, Docker and Kubernetes hand secrets out as; they show up neither in the list of
processes nor in what a crash writes down of the environment. A leaf.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

SECRETS = (
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "DATABASE_URL",
    "S3_ACCESS_KEY",
    "S3_SECRET_KEY",
    "SEAL_PASSPHRASE",
    "AUDIT_KEY",
    "TURN_SECRET",
    "EMAIL_URL",
    "MAIL_PROVIDER_OPTIONS",
    "MAIL_WEBHOOK_SECRET",
    "SMS_SECRET",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
)


class Unreadable(Exception):
    """A file that should hold a secret cannot be read; the process must not start with another one."""


def take(environment: MutableMapping[str, str]) -> None:
    """Complete ``environment`` with the secrets that it names files for; a file counts more than a value.

    :raises Unreadable: a file is not there, not ours to read, or empty
    """
    for name in SECRETS:
        path = environment.get(f"{name}_FILE", "")
        if not path:
            continue
        try:
            secret = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as no:
            raise Unreadable(f"{name}_FILE names {path}, which cannot be read. Please correct it.") from no
        if not secret:
            raise Unreadable(f"{name}_FILE names {path}, which is empty. Please write the secret there.")
        environment[name] = secret
