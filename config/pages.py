"""The few pages that are for everybody, signed in or not."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.generic import TemplateView

PAGES = ("help", "accessibility", "privacy")

urlpatterns = [path(f"{name}/", login_not_required(TemplateView.as_view(template_name=f"pages/{name}.html")), name=name) for name in PAGES]
