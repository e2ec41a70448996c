from messaging.models.attachments import Attachment
from messaging.models.calls import Call, CallReport, Modality, Seat, Signal
from messaging.models.choices import Choice
from messaging.models.concerns import Concern, Phrase
from messaging.models.deliveries import Delivery
from messaging.models.letters import Letter
from messaging.models.mobiles import Mobile, Reply
from messaging.models.nudges import Nudge
from messaging.models.rooms import MOST_ATTACHED, Draft, Member, Message, ReadMark, Room
from messaging.models.texts import LetterTemplate
from messaging.models.withdrawals import WITHDRAWABLE, Withdrawal

__all__ = [
    "MOST_ATTACHED",
    "WITHDRAWABLE",
    "Attachment",
    "Call",
    "CallReport",
    "Choice",
    "Concern",
    "Delivery",
    "Draft",
    "Letter",
    "LetterTemplate",
    "Member",
    "Message",
    "Mobile",
    "Modality",
    "Nudge",
    "Phrase",
    "ReadMark",
    "Reply",
    "Room",
    "Seat",
    "Signal",
    "Withdrawal",
]
