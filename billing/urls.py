"""Addresses of billing."""

from django.urls import path

from billing.views import receipts

urlpatterns = [path("receipts/<uuid:pk>/", receipts.receipt, name="receipt")]
