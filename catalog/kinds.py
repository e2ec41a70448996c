"""The kinds of letters that suppliers' lists bring."""

from messaging.kinds import LINK, Group, Kind, Name

KINDS = {
    "catalog/mail/import_finished": Kind(
        "A supplier's list was worked on",
        Group.WORK,
        waits=True,
        names={"link": LINK, "became": Name("what became of the list", "{{ became }}", "is ready")},
    ),
}
