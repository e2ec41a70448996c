"""The addresses of the clinic's own pages."""

from django.urls import path

from clinic.views import appointments, booking, home, payments, profile

urlpatterns = [
    path("", home.home, name="home"),
    path("portal/", home.portal, name="portal"),
    path("portal/profile/", profile.profile, name="profile"),
    path("portal/book/", booking.book, name="book"),
    path("portal/book/<uuid:pk>/", booking.slot, name="slot"),
    path("portal/visits/", appointments.visits, name="visits"),
    path("portal/appointments/<uuid:pk>/", appointments.appointment, name="appointment"),
    path("portal/appointments/<uuid:pk>/status/", appointments.status, name="appointment-status"),
    path("portal/appointments/<uuid:pk>/cancel/", appointments.cancel, name="appointment-cancel"),
    path("portal/appointments/<uuid:pk>/arrive/", appointments.arrive, name="appointment-arrive"),
    path("portal/appointments/<uuid:pk>/pay/", payments.pay, name="appointment-pay"),
    path("portal/appointments/<uuid:pk>/paid/", payments.paid, name="appointment-paid"),
]
