"""The addresses of the clinic's own pages."""

from django.urls import path

from clinic.views import (
    accounts,
    appointments,
    booking,
    calendars,
    documents,
    home,
    payments,
    profile,
    receipts,
    waiting,
)

urlpatterns = [
    path("accounts/second-factor/", accounts.second_factor_devices, name="otp-devices"),
    path("accounts/second-factor/sign-in/", accounts.second_factor_login, name="otp-login"),
    path("accounts/second-factor/verify/", accounts.second_factor_verify, name="otp-verify"),
    path("accounts/second-factor/set-up/", accounts.second_factor_enrol, name="otp-enrol"),
    path("accounts/second-factor/codes/", accounts.second_factor_codes, name="otp-codes"),
    path("accounts/calendar/", calendars.calendar, name="calendar"),
    path("accounts/calendar/open/", calendars.calendar_open, name="calendar-open"),
    path("accounts/calendar/close/", calendars.calendar_close, name="calendar-close"),
    path("calendar/<str:token>.ics", calendars.feed, name="calendar-feed"),
    path("", home.home, name="home"),
    path("portal/", home.portal, name="portal"),
    path("portal/profile/", profile.profile, name="profile"),
    path("portal/book/", booking.book, name="book"),
    path("portal/book/<uuid:pk>/", booking.slot, name="slot"),
    path("portal/waiting/", waiting.waiting_list, name="waiting"),
    path("portal/waiting/join/", waiting.join, name="waiting-join"),
    path("portal/waiting/<uuid:pk>/leave/", waiting.leave, name="waiting-leave"),
    path("portal/waiting/offers/<uuid:pk>/", waiting.offer, name="waiting-offer"),
    path("portal/waiting/offers/<uuid:pk>/decline/", waiting.decline, name="waiting-decline"),
    path("portal/visits/", appointments.visits, name="visits"),
    path("portal/appointments/<uuid:pk>/", appointments.appointment, name="appointment"),
    path(
        "portal/appointments/<uuid:pk>/appointment.ics",
        calendars.appointment_file,
        name="appointment-calendar",
    ),
    path("portal/appointments/<uuid:pk>/status/", appointments.status, name="appointment-status"),
    path("portal/appointments/<uuid:pk>/cancel/", appointments.cancel, name="appointment-cancel"),
    path("portal/appointments/<uuid:pk>/arrive/", appointments.arrive, name="appointment-arrive"),
    path("portal/appointments/<uuid:pk>/pay/", payments.pay, name="appointment-pay"),
    path("portal/appointments/<uuid:pk>/paid/", payments.paid, name="appointment-paid"),
    path("portal/receipts/", receipts.receipts, name="receipts"),
    path("portal/documents/", documents.documents, name="documents"),
    path("files/<uuid:pk>/", documents.file, name="file"),
]
