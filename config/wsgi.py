"""The web server's way in."""

import logging
import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from config.logs import hide_tokens

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

if settings.AS_OWNER:
    raise ImproperlyConfigured("The web server must not be given MIGRATE_DATABASE_URL: it could rewrite history")

logging.getLogger("gunicorn.access").addFilter(hide_tokens)
application = get_wsgi_application()
