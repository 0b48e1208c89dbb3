"""The virtual school's pages."""

from django.urls import URLPattern

app_name = "virtualschool"
urlpatterns: list[URLPattern] = []
