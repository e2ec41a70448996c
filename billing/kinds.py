"""The kinds of letters that money brings."""

from messaging.kinds import LINK, PERSON, Group, Kind, Name

KINDS = {
    "billing/mail/receipt_ready": Kind(
        "Receipt ready",
        Group.PAPERS,
        waits=True,
        names={
            "name": PERSON,
            "link": LINK,
            "what": Name("receipt, statement or the like", "{{ what }}", "receipt"),
        },
    ),
    "billing/mail/refund_made": Kind(
        "Credit note ready", Group.VISITS, waits=True, names={"name": PERSON, "link": LINK}
    ),
}
