"""Stopping mail without signing in, and the demonstration's mailbox."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from vigie.directory.access import everyone
from vigie.notifications import demo_mailbox, unsubscribing

_MOST_LISTED: Final = 200
_MOST_READ: Final = 3000
_FRAMED: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
_NAME: Final = re.compile(r"\d{20}\.[\w-]+\.vigie")


@everyone
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask before stopping, since mail filters open links; stop on POST, which mail readers send by themselves (RFC 8058).

    Nothing is read of anybody's here, and the signed link alone decides: there is no session to protect.
    """
    try:
        kind, wish = unsubscribing.read(token)
    except unsubscribing.InvalidLink as error:
        raise Http404 from error
    if request.method == "POST":
        kind.stop(wish)
    what = kind.describe(wish)
    return render(request, "notifications/unsubscribe.html", {"what": what, "token": token, "done": request.method == "POST"})


@dataclass(frozen=True, slots=True)
class MailLine:
    """One mail in the list of the demonstration's mailbox."""

    name: str
    recipient: str
    subject: str
    sent_at: datetime | None


@everyone
@never_cache
@require_GET
def mailbox(request: HttpRequest) -> HttpResponse:
    """Every mail that the demonstration sent, the newest first; `?a=` keeps those to one address."""
    wanted = request.GET.get("a", "").strip().casefold()
    lines: list[MailLine] = []
    recipients: set[str] = set()
    for path in demo_mailbox.newest(settings.VIGIE_MAIL_FOLDER, limit=_MOST_READ):
        line = _line(path)
        recipients.add(line.recipient)
        if len(lines) < _MOST_LISTED and (not wanted or line.recipient.casefold() == wanted):
            lines.append(line)
    return render(
        request,
        "notifications/mailbox.html",
        {"lines": lines, "recipients": sorted(recipients), "wanted": wanted},
    )


@everyone
@never_cache
@require_GET
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail: headers, text, and its HTML in a frame that can do nothing."""
    path = _path(name)
    message = demo_mailbox.mail_of(path)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return render(
        request,
        "notifications/mailbox_mail.html",
        {
            "line": _line(path),
            "headers": [(key, str(value)) for key, value in message.items()],
            "text": text.get_content() if text is not None else "",
            "has_html": html is not None,
        },
    )


@everyone
@never_cache
@require_GET
@xframe_options_sameorigin
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML of one mail, as a mail reader shows it; its links open elsewhere."""
    html = demo_mailbox.mail_of(_path(name)).get_body(("html",))
    if html is None:
        raise Http404
    response = HttpResponse(html.get_content().replace("<head>", '<head><base target="_blank">', 1))
    response.headers["Content-Security-Policy"] = _FRAMED
    return response


@everyone
@never_cache
@require_GET
def mail_source(request: HttpRequest, name: str) -> HttpResponse:
    """One mail as it was received."""
    return HttpResponse(_path(name).read_bytes(), content_type="text/plain; charset=utf-8")


def _path(name: str) -> Path:
    path = Path(settings.VIGIE_MAIL_FOLDER) / "new" / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise Http404
    return path


def _line(path: Path) -> MailLine:
    headers = demo_mailbox.headers_of(path)
    try:
        sent_at = parsedate_to_datetime(headers["Date"])
        # A date at « -0000 » comes without a zone, though it is in UTC (RFC 5322).
        sent_at = sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC)
    except (TypeError, ValueError):
        sent_at = None
    return MailLine(
        name=path.name,
        recipient=demo_mailbox.decoded(headers["Delivered-To"]),
        subject=demo_mailbox.decoded(headers["Subject"]),
        sent_at=sent_at,
    )
