"""The kinds of letters that suppliers' lists bring."""

from messaging.kinds import Group, Kind

KINDS = {
    "catalog/mail/import_finished": Kind("A supplier's list was worked on", Group.WORK, waits=True),
}
