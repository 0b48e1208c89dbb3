"""Every address of the product. Each floor keeps its own; here they are put together."""

from django.conf import settings
from django.urls import include, path

from config.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
]
