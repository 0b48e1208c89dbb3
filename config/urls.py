"""Every address of the product. Each floor keeps its own; here they are put together."""

import importlib.util

from django.conf import settings
from django.urls import include, path

from config.health import healthz

FLOORS = [("account/", "accounts.urls"), ("", "schools.urls"), ("", "pep.urls"), ("", "virtualschool.urls")]

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    *[path(prefix, include(module)) for prefix, module in FLOORS if importlib.util.find_spec(module)],
]
if settings.DEMO and importlib.util.find_spec("config.demo"):
    urlpatterns.append(path("demo/", include("config.demo")))
