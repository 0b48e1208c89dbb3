"""Every address of the product. Each floor keeps its own; here they are put together."""

from django.conf import settings
from django.urls import include, path

from accounts.message_urls import message_urls
from config.health import healthz
from config.message_links import what_about, where_to

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include("config.pages")),
    path("messages/", include(message_urls(where_to, what_about))),
    path("account/", include("accounts.urls")),
    path("", include("schools.urls")),
    path("", include("pep.child_urls")),
    path("", include("pep.urls")),
    path("", include("virtualschool.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("config.demo")))
