"""Keeping files: checked, cleaned, stored under the address of their content, scanned when a scanner is there."""

from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from vigie.attachments import clamav, images, inspection, names, storage
from vigie.attachments.errors import ContentRefused, FileRefused
from vigie.attachments.models import Attachment, Scan
from vigie.foundation import jobs, live, scope
from vigie.ui.numbers import readable_size

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

LARGEST: Final = 10 * 1024 * 1024
"""No desk may take larger files: each is answered in one piece, from memory."""
ORPHAN_SECONDS: Final = 24 * 3600
_LOCK: Final = 0x56494749  # « VIGI »: of advisory locks, held shared by those who store, alone by who removes.

_DANGEROUS: Final = _("l’antivirus y a reconnu un contenu dangereux. N’ouvrez plus ce fichier et prévenez votre service informatique.")


def store_file(
    *, actor_id: UUID | None, site_id: UUID, desk_id: UUID, upload: "UploadedFile[bytes]", limit_bytes: int, internal: bool = False
) -> Attachment:
    """Check and keep one file, in the caller's transaction; the caller has checked that the actor may add it.

    The bytes are surely on disk before the row can be committed. With a scanner configured the file is not served
    until it was found clean.

    Raises:
        FileRefused: with the file's name, why, and what to do.

    """
    given = names.shown_name(upload.name or "")
    data = _bounded(upload, given, min(limit_bytes, LARGEST))
    try:
        kind = inspection.kind_of(data)
        if kind.is_image:
            data = images.reencoded(data, kind)
    except ContentRefused as refusal:
        raise FileRefused(given, refusal.reason) from refusal
    if len(data) > LARGEST:
        raise FileRefused(given, _too_large(LARGEST))
    if storage.is_quarantined(storage.digest_of(data)):
        raise FileRefused(given, _DANGEROUS)
    with transaction.atomic():
        # The removal of orphans waits for us: it must not take a file that we are about to name.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])
        attachment = Attachment.objects.create(
            site_id=site_id,
            desk_id=desk_id,
            internal=internal,
            digest=storage.write(data),
            name=names.safe_name(upload.name or "", extension=kind.extension),
            media_type=kind.media_type,
            size=len(data),
            scan=Scan.WAITING if settings.VIGIE_CLAMAV_URL else Scan.NOT_CONFIGURED,
            uploaded_by_id=actor_id,
        )
        if settings.VIGIE_CLAMAV_URL:
            jobs.defer("attachments.scan", attachment_id=attachment.id, desk_id=desk_id)
    return attachment


def scan_file(*, attachment_id: UUID, desk_id: UUID) -> None:
    """Ask the scanner about one file, note its verdict, and put a dangerous one out of reach.

    Raises:
        clamav.ScannerUnavailable: to be asked again later.

    """
    of_desk = scope.Scope(desk_ids=frozenset({desk_id}))
    with scope.entered(of_desk, read_only=True):
        attachment = Attachment.objects.filter(id=attachment_id, scan=Scan.WAITING).first()
    if attachment is None:
        return
    verdict = _verdict(attachment.digest)
    with scope.entered(of_desk):
        Attachment.objects.filter(id=attachment_id).update(scan=Scan.INFECTED if verdict is clamav.Verdict.INFECTED else Scan.CLEAN)
        topics = [f"desk:{attachment.desk_id}"] + ([] if attachment.internal else [f"site:{attachment.site_id}"])
        live.publish(topics=topics, kind="attachment.scanned", id=attachment_id)
    if verdict is clamav.Verdict.INFECTED:
        storage.quarantine(attachment.digest)


def remove_orphans(*, older_than_seconds: float = ORPHAN_SECONDS) -> int:
    """Remove the files that no row names, left by transactions that failed; return how many."""
    removed = 0
    for branch in storage.branches():
        old = storage.old_files(branch, seconds=older_than_seconds)
        if not old:
            continue
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            cursor.execute("SELECT attachments_named(%s)", [[path.name for path in old]])
            named = {row[0] for row in cursor.fetchall()}
            for path in old:
                if path.name not in named:
                    path.unlink(missing_ok=True)
                    removed += 1
    return removed


def _bounded(upload: "UploadedFile[bytes]", given: str, limit: int) -> bytes:
    """Return the content, having read no more than a byte above the limit."""
    if (upload.size or 0) > limit:
        raise FileRefused(given, _too_large(limit))
    upload.seek(0)
    data = bytes(upload.read(limit + 1))
    if len(data) > limit:
        raise FileRefused(given, _too_large(limit))
    return data


def _verdict(digest: str) -> clamav.Verdict:
    if storage.is_quarantined(digest):
        return clamav.Verdict.INFECTED
    if not settings.VIGIE_CLAMAV_URL:
        raise clamav.ScannerUnavailable("not configured any more")
    return clamav.scan(storage.read(digest), url=settings.VIGIE_CLAMAV_URL)


def _too_large(limit: int) -> Promise:
    return format_lazy(
        _("le fichier dépasse {size}. Réduisez-le (image moins grande, document découpé), puis ajoutez-le de nouveau."),
        size=readable_size(limit),
    )
