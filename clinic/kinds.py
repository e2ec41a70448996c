"""The kinds of letters that people, visits and papers bring, and what their texts may name."""

from messaging.kinds import LINK, PERSON, Group, Kind, Name

ACCOUNT = {
    "account_already_exists": "You already have an account",
    "email_changed": "The e-mail address was changed",
    "email_confirm": "The e-mail address was confirmed",
    "email_confirmation": "Confirm the e-mail address",
    "email_confirmation_signup": "Confirm the e-mail address, after signing up",
    "email_deleted": "An e-mail address was removed",
    "invitation": "Invitation of staff",
    "new_browser": "Somebody signed in from a new browser",
    "password_changed": "The password was changed",
    "password_reset": "The password was changed by a link",
    "password_reset_key": "Choose a new password",
    "password_set": "A password was set",
    "second_factor_changed": "The second factor was changed",
    "unknown_account": "There is no account with this address",
    "welcome": "Welcome",
}
CONFIRMS = Name("the link that confirms", "{{ activate_url }}", "https://clinic.example/…", must=True)
CHOOSES = Name("the link to choose a password", "{{ password_url }}", "https://clinic.example/…", must=True)
ACCOUNT_NAMES = {
    "email_confirmation": {"link": CONFIRMS},
    "email_confirmation_signup": {"link": CONFIRMS},
    "password_reset_key": {"link": CHOOSES},
    "invitation": {"link": CHOOSES, "role": Name("as what they are invited", "{{ role }}", "doctor")},
    "new_browser": {
        "sessions_link": Name(
            "the link to the list of sessions",
            "{{ base_url }}{% url 'sessions' %}",
            "https://clinic.example/…",
            must=True,
        )
    },
    "second_factor_changed": {
        "what": Name("what was changed", "{{ what }}", "An authenticator app was set up.", must=True)
    },
}

WHEN = Name("day and time, by the reader’s clock", "{{ when }}", "Monday 7 December 2026, 9:30 am", must=True)
WHO = Name("the practitioner", "{{ practitioner }}", "Dr Example")
HOW = Name("telephone, video or in person", "{{ how }}", "Video call")
FEE = Name("the fee", "A${{ fee }}", "A$80.00")
UNTIL = Name("until when", "{{ until }}", "9:45 am", must=True)
VISIT = {"name": PERSON, "when": WHEN, "practitioner": WHO}
CALL = Name(
    "the way to the call, if it is by one",
    "{% if call_path %}\nYou can also go straight to the waiting room of the call then:\n"
    "{{ base_url }}{{ call_path }}{% endif %}",
    "You can also go straight to the waiting room of the call then:\nhttps://clinic.example/portal/…",
)
PAID = Name(
    "what was paid, or that the fee is waived",
    "{% if paid %}Fee paid: A${{ paid }}{% else %}Fee: waived{% endif %}",
    "Fee paid: A$80.00",
)
CANCELLING = Name(
    "until when the whole fee comes back",
    "You can cancel on the same page{% if paid %} and get the whole fee back{% endif %}"
    " until {{ free_until }}.",
    "You can cancel on the same page and get the whole fee back until Sunday 6 December 2026, 9:30 am.",
    must=True,
)
KEPT = (
    "A${{ kept }} is kept as the cancellation fee that you agreed to when you booked. If illness or an"
    " emergency stopped you, please tell us: then "
)
MONEY = Name(
    "what goes back, what is kept, or that nothing was charged",
    "{% if back %}A${{ back }} is on its way back to you. Most banks show it within 5 to 10 business days."
    "{% if kept %} " + KEPT + "this goes back too.{% endif %}"
    "{% elif kept %}" + KEPT + "it goes back to you.{% else %}You were not charged.{% endif %}",
    "A$80.00 is on its way back to you. Most banks show it within 5 to 10 business days.",
    must=True,
)
OFFERED = Name(
    "the fee, or that it is paid already",
    "{% if fee %}Fee: A${{ fee }}{% else %}You have paid already: your appointment moves here, and nothing is"
    " charged.{% endif %}",
    "Fee: A$80.00",
)
WAITING = Name(
    "the link to the waiting list",
    "{{ base_url }}/portal/waiting/",
    "https://clinic.example/portal/waiting/",
    must=True,
)
PAPER = {"name": PERSON, "link": LINK}
DUE = Name(
    "that it is overdue, or within how many days it is to be decided",
    "{% if left < 0 %}is overdue for its decision{% else %}is to be decided within {{ left }}"
    " day{{ left|pluralize }}{% endif %}",
    "is to be decided within 3 days",
)
LEFT = Name(
    "how far its 30 days are",
    "{% if left < 0 %}the 30 days to assess an incident are over, and nothing is decided.{% else %}an"
    " incident is still being assessed. The 30 days end in {{ left }} day{{ left|pluralize }}.{% endif %}",
    "an incident is still being assessed. The 30 days end in 3 days.",
    must=True,
)

VISITS = {
    "clinic/mail/appointment_held": Kind(
        "A held time runs out",
        Group.VISITS,
        text="clinic/sms/appointment_held",
        names=VISIT | {"fee": FEE, "until": UNTIL, "link": LINK},
    ),
    "clinic/mail/appointment_expired": Kind("A held time has ended", Group.VISITS, names=VISIT),
    "clinic/mail/appointment_confirmed": Kind(
        "Appointment confirmed",
        Group.VISITS,
        names=VISIT | {"how": HOW, "fee_line": PAID, "link": LINK, "call": CALL, "cancelling": CANCELLING},
    ),
    "clinic/mail/appointment_moved": Kind(
        "Appointment moved", Group.VISITS, names=VISIT | {"how": HOW, "link": LINK}
    ),
    "clinic/mail/appointment_cancelled": Kind(
        "Appointment cancelled", Group.VISITS, names=VISIT | {"money": MONEY}
    ),
    "clinic/mail/appointment_lost": Kind(
        "Payment came too late", Group.VISITS, names=VISIT | {"fee": FEE._replace(must=True)}
    ),
    "clinic/mail/appointment_follow_up": Kind(
        "Follow-up to be paid",
        Group.VISITS,
        waits=True,
        names=VISIT | {"fee": FEE._replace(must=True), "until": UNTIL, "link": LINK},
    ),
    # Never in the morning after: a reminder that is late by hours is no longer wanted.
    "clinic/mail/appointment_reminder": Kind(
        "Reminder of an appointment",
        Group.REMINDERS,
        text="clinic/sms/appointment_reminder",
        names=VISIT | {"link": LINK, "call": CALL},
    ),
    "clinic/mail/waitlist_offer": Kind(
        "Waiting list: a time is free",
        Group.VISITS,
        text="clinic/sms/waitlist_offer",
        names=VISIT | {"fee_line": OFFERED, "until": UNTIL, "link": LINK},
    ),
    "clinic/mail/waitlist_lapsed": Kind(
        "Waiting list: the offer went on", Group.VISITS, waits=True, names=VISIT | {"waiting_link": WAITING}
    ),
    "clinic/mail/waitlist_ended": Kind(
        "Waiting list: the wait is over",
        Group.VISITS,
        waits=True,
        names={"name": PERSON, "kind": Name("what they waited for", "{{ kind }}", "Short consultation")},
    ),
}
TEXTS = {
    # The person began to book, or asked for a freed time: these come at night, too, as the letters do.
    "clinic/sms/appointment_held": Kind("SMS: a held time runs out", Group.VISITS, names={"until": UNTIL}),
    "clinic/sms/waitlist_offer": Kind("SMS: a time is free", Group.VISITS, names={"until": UNTIL}),
    "clinic/sms/appointment_reminder": Kind(
        "SMS: reminder of an appointment", Group.REMINDERS, waits=True, names={"when": WHEN}
    ),
}
WORK = {
    "clinic/mail/prescription_void": Kind(
        "Prescription made void, to its prescriber", Group.WORK, waits=True, names=PAPER
    ),
    "clinic/mail/appointment_moved_doctor": Kind(
        "Appointment moved, to the doctor", Group.WORK, names={"name": PERSON, "when": WHEN}
    ),
    "clinic/mail/appointment_cancelled_doctor": Kind(
        "Appointment cancelled, to the doctor", Group.WORK, names={"name": PERSON, "when": WHEN}
    ),
    "clinic/mail/inspection_failed": Kind(
        "The nightly inspection found something", Group.WORK, waits=True, names=PAPER
    ),
    "clinic/mail/incident_due": Kind(
        "An incident waits for its decision",
        Group.WORK,
        waits=True,
        names=PAPER | {"due": DUE, "left": LEFT},
    ),
    "clinic/mail/request_received": Kind(
        "A request about one’s data waits", Group.WORK, waits=True, names=PAPER
    ),
    "clinic/mail/record_opened": Kind("A record was opened outside care", Group.WORK, names=PAPER),
    "clinic/mail/account_closed": Kind("A patient closed their account", Group.WORK, waits=True, names=PAPER),
    "clinic/mail/audit_anchor": Kind(
        "Anchor of the audit trail, to who keeps it",
        Group.WORK,
        waits=True,
        names={
            "day": Name("the day of the anchor", "{{ day }}", "Monday 7 December 2026"),
            "anchor": Name("the anchor, as it was signed", "{{ anchor }}", "The anchor", must=True),
        },
    ),
}
NOTICE = {
    "subject": Name("the notice’s subject", "{{ subject }}", "News of the practice", must=True),
    "text": Name("what the notice says", "{{ text }}", "We are closed on Monday.", must=True),
}
KINDS = {
    **{
        f"account/mail/{name}": Kind(words, Group.ACCOUNT, names=ACCOUNT_NAMES.get(name, {}))
        for name, words in ACCOUNT.items()
    },
    **VISITS,
    **TEXTS,
    **WORK,
    "clinic/mail/document_ready": Kind("Document ready", Group.PAPERS, waits=True, names=PAPER),
    "clinic/mail/document_news": Kind("News about a document", Group.PAPERS, waits=True, names=PAPER),
    "clinic/mail/notice": Kind("Notice of the practice", Group.NOTICES, waits=True, names=NOTICE),
    "clinic/mail/offer": Kind(
        "Offer of the practice",
        Group.NOTICES,
        waits=True,
        names=NOTICE
        | {
            "end_link": Name(
                "the link that ends offers", "{{ end_url }}", "https://clinic.example/…", must=True
            )
        },
    ),
    "clinic/mail/account_ended": Kind("The account was closed", Group.ACCOUNT, names={"name": PERSON}),
    "clinic/mail/incident_notice": Kind(
        "Notice about an incident with one’s data", Group.ACCOUNT, names=PAPER
    ),
    "clinic/mail/request_answered": Kind(
        "A request about one’s data is answered", Group.ACCOUNT, names=PAPER
    ),
}
