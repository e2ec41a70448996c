"""The clinic's screens in the admin; each registers itself."""

from clinic.admin import appointments, audit, availability, patients, people, practice, practitioners

__all__ = ["appointments", "audit", "availability", "patients", "people", "practice", "practitioners"]
