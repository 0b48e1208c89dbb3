"""The web server's way in."""

import logging
import os

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config.logs import hide_tokens
from config.middleware import Handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

if settings.AS_OWNER:
    raise ImproperlyConfigured("The web server must not be given MIGRATE_DATABASE_URL: it could rewrite history")

logging.getLogger("gunicorn.access").addFilter(hide_tokens)
django.setup(set_prefix=False)
application = Handler()
