"""The product's addresses, and the bare view that saving is measured beside."""

import json

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_POST

from config import urls


@require_POST
def bare(request: HttpRequest, pk: str) -> HttpResponse:
    """One row updated with what was posted, and nothing asked: the least that a view behind the same sign-in can do."""
    answers = json.dumps(request.POST.dict())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pep_section SET answers = %s::jsonb, updated_at = now() WHERE id = %s", [answers, pk])
    return JsonResponse({"saved": True}) if "autosave" in request.GET else redirect("/")


urlpatterns = [*urls.urlpatterns, path("bare/<uuid:pk>/", bare, name="bare")]
