"""The addresses of the clinic's own pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
