"""The kinds of letters that money brings."""

from messaging.kinds import Group, Kind

KINDS = {
    "billing/mail/receipt_ready": Kind("Receipt ready", Group.PAPERS, waits=True),
    "billing/mail/refund_made": Kind("Credit note ready", Group.VISITS, waits=True),
}
