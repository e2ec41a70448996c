"""The staff's screens of messaging."""

from messaging.admin import letters, texts

__all__ = ["letters", "texts"]
