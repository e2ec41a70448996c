"""Addresses of billing."""

from django.urls import path

from billing.views import receipts, statements

urlpatterns = [
    path("receipts/<uuid:pk>/", receipts.receipt, name="receipt"),
    path("statement.<str:kind>", statements.statement, name="statement-file"),
]
