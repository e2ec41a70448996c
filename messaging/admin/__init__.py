"""The staff's screens of messaging."""

from messaging.admin import letters

__all__ = ["letters"]
