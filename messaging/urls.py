"""The addresses of messaging."""

from django.urls import path

from messaging.views import events, messages, rooms

urlpatterns = [
    path("events/", events.events, name="events"),
    path("portal/rooms/", rooms.rooms, name="rooms"),
    path("portal/rooms/unread/", messages.unread, name="rooms-unread"),
    path("portal/rooms/<uuid:pk>/", rooms.room, name="room"),
    path("portal/rooms/<uuid:pk>/messages/", messages.messages, name="room-messages"),
    path("portal/rooms/<uuid:pk>/read/", messages.read, name="room-read"),
]
