"""The web server's way in."""

import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

if settings.AS_OWNER:
    raise ImproperlyConfigured("The web server must not be given MIGRATE_DATABASE_URL: it could rewrite history")

application = get_wsgi_application()
