"""The staff's screens of messaging."""

from messaging.admin import letters, rooms

__all__ = ["letters", "rooms"]
