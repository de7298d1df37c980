"""Answering a file. Who may have it was decided by the app of the object it belongs to."""

from typing import Final
from urllib.parse import quote

from django.http import HttpResponse
from django.utils.translation import gettext as _

from vigie.attachments import storage
from vigie.attachments.errors import FileUnavailable
from vigie.attachments.kinds import BY_MEDIA_TYPE
from vigie.attachments.models import Attachment, Scan

# Nothing in the file may run or call out, were a browser to take it for a page.
_LOCKED: Final = "default-src 'none'; sandbox"
# Browsers refuse their PDF viewer to sandboxed documents; it runs the file's scripts outside of our origin.
_PDF: Final = "default-src 'none'; object-src 'self'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def open_file(attachment: Attachment) -> bytes:
    """Return the content.

    Raises:
        FileUnavailable: it waits for the scanner, was found dangerous, or is missing from the disk.

    """
    if attachment.scan == Scan.WAITING:
        raise FileUnavailable(_("Ce fichier est en cours d’analyse par l’antivirus. Réessayez dans un instant."))
    if attachment.scan == Scan.INFECTED:
        raise FileUnavailable(_("L’antivirus a reconnu un contenu dangereux dans ce fichier\u00a0: il a été mis à l’écart."))
    try:
        return storage.read(attachment.digest)
    except FileNotFoundError as error:
        raise FileUnavailable from error


def serve(attachment: Attachment, *, inline: bool) -> HttpResponse:
    """Return the file in one bounded answer; as a download, unless `inline` is wanted and its kind is safe to show."""
    kind = BY_MEDIA_TYPE.get(attachment.media_type)
    data = open_file(attachment)
    is_inline = inline and kind is not None and kind.is_inline
    response = HttpResponse(data, content_type=attachment.media_type if kind else "application/octet-stream")
    response.headers["Content-Length"] = str(len(data))
    response.headers["Content-Disposition"] = disposition(attachment.name, inline=is_inline)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = _PDF if is_inline and attachment.media_type == "application/pdf" else _LOCKED
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Referrer-Policy"] = "no-referrer"
    # Never in a cache: rights are checked at each request.
    response.headers["Cache-Control"] = "private, no-store"
    return response


def disposition(name: str, *, inline: bool) -> str:
    """Return a Content-Disposition (RFC 6266) whose plain name is ASCII and whose extended name (RFC 5987) is exact."""
    plain = "".join(character if " " <= character < "\x7f" and character not in '"\\%;' else "_" for character in name)
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
