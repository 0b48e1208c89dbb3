"""How static files are named when they are collected."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Every file's name carries the hash of its content, those that scripts import from each other too."""

    support_js_module_import_aggregation = True
