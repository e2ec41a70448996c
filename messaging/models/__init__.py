from messaging.models.concerns import Concern, Phrase
from messaging.models.letters import Letter
from messaging.models.rooms import Member, Message, ReadMark, Room

__all__ = ["Concern", "Letter", "Member", "Message", "Phrase", "ReadMark", "Room"]
