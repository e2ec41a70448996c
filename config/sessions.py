"""Sessions in the database, which say the truth when it is away. A leaf: ``SESSION_ENGINE``."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import OperationalError


class SessionStore(db.SessionStore):
    """Django's own, but a session that cannot be saved just now is not one that somebody ended.

    Django takes every error of the database for a session that is gone, and answers 400: a browser then gives
    up what was done already. Told 500, it asks again.
    """

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create=must_create)
        except UpdateError as gone:
            if isinstance(gone.__context__, OperationalError):
                raise gone.__context__ from None
            raise
