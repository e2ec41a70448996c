from messaging.models.calls import Call, CallReport, Modality, Seat, Signal
from messaging.models.concerns import Concern, Phrase
from messaging.models.letters import Letter
from messaging.models.rooms import Draft, Member, Message, ReadMark, Room
from messaging.models.withdrawals import WITHDRAWABLE, Withdrawal

__all__ = [
    "WITHDRAWABLE",
    "Call",
    "CallReport",
    "Concern",
    "Draft",
    "Letter",
    "Member",
    "Message",
    "Modality",
    "Phrase",
    "ReadMark",
    "Room",
    "Seat",
    "Signal",
    "Withdrawal",
]
