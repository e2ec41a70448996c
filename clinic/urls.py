"""The addresses of the clinic's own pages."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from clinic.views import (
    accounts,
    appointments,
    booking,
    calendars,
    consents,
    documents,
    home,
    intake,
    moves,
    my_data,
    opened,
    pages,
    payments,
    profile,
    receipts,
    sessions,
    statements,
    verifying,
    waiting,
)


class AddressConverter(StringConverter):
    """The parts of a page's address."""

    regex = "[a-z0-9]+(?:-[a-z0-9]+)*(?:/[a-z0-9]+(?:-[a-z0-9]+)*)*"


register_converter(AddressConverter, "address")

urlpatterns = [
    path("accounts/second-factor/", accounts.second_factor_devices, name="otp-devices"),
    path("accounts/second-factor/sign-in/", accounts.second_factor_login, name="otp-login"),
    path("accounts/second-factor/verify/", accounts.second_factor_verify, name="otp-verify"),
    path("accounts/second-factor/set-up/", accounts.second_factor_enrol, name="otp-enrol"),
    path("accounts/second-factor/codes/", accounts.second_factor_codes, name="otp-codes"),
    path("accounts/sessions/", sessions.sessions, name="sessions"),
    path("accounts/sessions/others/end/", sessions.end_others, name="sessions-end-others"),
    path("accounts/sessions/<uuid:pk>/end/", sessions.end, name="session-end"),
    path("accounts/calendar/", calendars.calendar, name="calendar"),
    path("accounts/calendar/open/", calendars.calendar_open, name="calendar-open"),
    path("accounts/calendar/close/", calendars.calendar_close, name="calendar-close"),
    path("calendar/<str:token>.ics", calendars.feed, name="calendar-feed"),
    path("", home.home, name="home"),
    path("portal/", home.portal, name="portal"),
    path("portal/profile/", profile.profile, name="profile"),
    path("portal/my-data/", my_data.my_data, name="my-data"),
    path("portal/consents/", consents.consents, name="consents"),
    path("portal/consents/<str:kind>/", consents.answer, name="consent-answer"),
    path("portal/my-data/copy/", my_data.copy_ask, name="my-data-copy"),
    path("portal/my-data/copies/<uuid:pk>/", my_data.copy_file, name="my-data-file"),
    path("portal/my-data/correction/", my_data.correction, name="my-data-correction"),
    path("portal/my-data/requests/<uuid:pk>/withdraw/", my_data.withdraw, name="my-data-withdraw"),
    path("portal/my-data/offers/", my_data.offers, name="my-data-offers"),
    path("portal/my-data/close/", my_data.close, name="my-data-close"),
    path("portal/my-data/opened/", opened.opened, name="who-opened"),
    path("portal/incidents/<uuid:pk>/", my_data.incident, name="incident-notice"),
    path("offers/end/<str:token>/", my_data.offers_end, name="offers-end"),
    path("account-closed/", my_data.closed, name="account-closed"),
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
    path("portal/appointments/<uuid:pk>/move/", moves.move, name="appointment-move"),
    path("portal/appointments/<uuid:pk>/move/<uuid:slot>/", moves.move_to, name="appointment-move-to"),
    path("portal/appointments/<uuid:pk>/arrive/", appointments.arrive, name="appointment-arrive"),
    path("portal/appointments/<uuid:pk>/pay/", payments.pay, name="appointment-pay"),
    path("portal/appointments/<uuid:pk>/more-time/", payments.more_time, name="appointment-more-time"),
    path("portal/appointments/<uuid:pk>/paid/", payments.paid, name="appointment-paid"),
    path("portal/appointments/<uuid:pk>/before/", intake.intake, name="appointment-intake"),
    path("portal/appointments/<uuid:pk>/before/keep/", intake.keep, name="appointment-intake-keep"),
    path("portal/receipts/", receipts.receipts, name="receipts"),
    path("portal/statement/", statements.statement, name="statement"),
    path("portal/documents/", documents.documents, name="documents"),
    path("verify/<str:secret>/", verifying.verify, name="verify"),
    path("files/<uuid:pk>/", documents.file, name="file"),
    path("pictures/<uuid:pk>/<int:width>.<str:suffix>", pages.picture, name="picture"),
    path("sitemap.xml", pages.sitemap, name="sitemap"),
    path("robots.txt", pages.robots, name="robots"),
    path("portal/pages/", pages.portal_page, name="portal-page"),
    path("portal/pages/<address:address>/", pages.portal_page, name="portal-page"),
    path("<address:address>/", pages.page, name="page"),  # last: what has no other address
]
