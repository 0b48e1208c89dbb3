"""What every page's template may know about the site."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, bool]:
    """Whether this is the demo, which every page of it says."""
    return {"demo": settings.DEMO}
