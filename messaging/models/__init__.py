from messaging.models.letters import Letter
from messaging.models.rooms import Member, Message, ReadMark, Room

__all__ = ["Letter", "Member", "Message", "ReadMark", "Room"]
