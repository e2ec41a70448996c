"""Addresses of billing."""

from django.urls import path

from billing.views import webhooks

urlpatterns = [path("webhook/stripe/", webhooks.stripe_webhook, name="stripe-webhook")]
