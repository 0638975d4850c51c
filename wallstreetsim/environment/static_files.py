"""Static files in production: named by a hash of what they hold, so that browsers keep them for
good, and compressed beforehand.
"""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Names the files that scripts import by their hashes too."""

    support_js_module_import_aggregation = True
