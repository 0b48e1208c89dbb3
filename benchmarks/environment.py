"""The settings benchmarks run with: production's, over http and without hashed names of static files. Imported before the product."""

import logging

import django
from django.conf import settings

settings.ROOT_URLCONF = "benchmarks.urls"
settings.SECURE_SSL_REDIRECT = False
settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
django.setup()
# No broker runs here: that nobody hears the nudges is no news.
logging.getLogger("config.celery").setLevel(logging.ERROR)
