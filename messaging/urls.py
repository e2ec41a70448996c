"""The addresses of messaging."""

from django.urls import path

from messaging.views import (
    attachments,
    calls,
    choices,
    deliveries,
    enquiries,
    events,
    messages,
    rooms,
    searches,
    texts,
)

urlpatterns = [
    path("accounts/letters/", choices.choices, name="letter-choices"),
    path("webhook/letters/", deliveries.reports, name="letter-reports"),
    path("webhook/texts/", texts.reports, name="text-reports"),
    path("events/", events.events, name="events"),
    path("portal/rooms/", rooms.rooms, name="rooms"),
    path("portal/ask/", enquiries.ask, name="ask"),
    path("portal/rooms/unread/", messages.unread, name="rooms-unread"),
    path("portal/rooms/<uuid:pk>/", rooms.room, name="room"),
    path("portal/rooms/<uuid:pk>/messages/", messages.messages, name="room-messages"),
    path("portal/attachments/<uuid:pk>/", attachments.file, name="attachment"),
    path("portal/attachments/<uuid:pk>/thumbnail/", attachments.thumbnail, name="attachment-thumbnail"),
    path("portal/rooms/<uuid:pk>/read/", messages.read, name="room-read"),
    path("portal/rooms/<uuid:pk>/seen/<int:sequence>/", messages.seen, name="room-seen"),
    path("portal/rooms/search/", searches.search, name="rooms-search"),
    path("portal/rooms/<uuid:pk>/search/", searches.search, name="room-search"),
    path("portal/rooms/<uuid:pk>/presence/", messages.presence, name="room-presence"),
    path("portal/rooms/<uuid:pk>/draft/", messages.draft, name="room-draft"),
    path("portal/rooms/<uuid:pk>/messages/<int:sequence>/withdraw/", rooms.withdraw, name="room-withdraw"),
    path(
        "portal/rooms/<uuid:pk>/messages/<int:sequence>/withdrawal/",
        messages.withdrawal,
        name="room-withdrawal",
    ),
    path("portal/rooms/<uuid:pk>/call/", calls.call, name="room-call"),
    path("portal/rooms/<uuid:pk>/call/state/", calls.state, name="call-state"),
    path("portal/rooms/<uuid:pk>/call/join/", calls.join, name="call-join"),
    path("portal/rooms/<uuid:pk>/call/admit/", calls.admit, name="call-admit"),
    path("portal/rooms/<uuid:pk>/call/beat/", calls.beat, name="call-beat"),
    path("portal/rooms/<uuid:pk>/call/leave/", calls.leave, name="call-leave"),
    path("portal/rooms/<uuid:pk>/call/signal/", calls.signal, name="call-signal"),
    path("portal/rooms/<uuid:pk>/call/signals/", calls.signals, name="call-signals"),
]
