"""Every address of the product. Each floor keeps its own; here they are put together."""

import importlib.util

from django.conf import settings
from django.urls import include, path

from accounts.message_urls import message_urls
from config.health import healthz
from config.message_links import where_to

FLOORS = [("account/", "accounts.urls"), ("", "schools.urls"), ("", "pep.child_urls"), ("", "pep.urls"), ("", "virtualschool.urls")]

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("messages/", include(message_urls(where_to))),
    *[path(prefix, include(module)) for prefix, module in FLOORS if importlib.util.find_spec(module)],
]
if settings.DEMO and importlib.util.find_spec("config.demo"):
    urlpatterns.append(path("demo/", include("config.demo")))
