"""What clinic does when an app below it reports something."""

from django.dispatch import receiver

from billing.signals import order_paid
from clinic import booking
from clinic.models import Appointment


@receiver(order_paid, dispatch_uid="clinic.confirm_paid_appointment")
def confirm_paid_appointment(sender, order, **kwargs):
    for appointment in Appointment.objects.filter(order=order):
        booking.confirm(appointment)
