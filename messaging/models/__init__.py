from messaging.models.calls import Call, CallReport, Modality, Seat, Signal
from messaging.models.concerns import Concern, Phrase
from messaging.models.letters import Letter
from messaging.models.rooms import Member, Message, ReadMark, Room

__all__ = [
    "Call",
    "CallReport",
    "Concern",
    "Letter",
    "Member",
    "Message",
    "Modality",
    "Phrase",
    "ReadMark",
    "Room",
    "Seat",
    "Signal",
]
