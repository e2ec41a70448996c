"""The clinic's screens in the admin; each registers itself."""

from clinic.admin import appointments, availability

__all__ = ["appointments", "availability"]
