"""Keeping, serving, scanning and forgetting files."""

import io
import os
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from PIL import Image
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from vigie.attachments import actions, clamav, serving, storage
from vigie.attachments.errors import FileRefused, FileUnavailable
from vigie.attachments.models import Attachment, Scan
from vigie.attachments.tests import documents
from vigie.directory.tests import factories as directory
from vigie.foundation import scope
from vigie.foundation.testing import as_maintenance, run_jobs

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Place:
    site_id: UUID
    desk_id: UUID

    @property
    def scope(self) -> scope.Scope:
        return scope.Scope(site_ids=frozenset({self.site_id}))

    def store(self, data: bytes, name: str = "capture.png", *, limit: int = 10 * 1024 * 1024, internal: bool = False) -> Attachment:
        reach = scope.Scope(desk_ids=frozenset({self.desk_id})) if internal else self.scope
        with scope.entered(reach):
            return actions.store_file(
                actor_id=None,
                site_id=self.site_id,
                desk_id=self.desk_id,
                upload=SimpleUploadedFile(name, data),
                limit_bytes=limit,
                internal=internal,
            )

    def read_again(self, attachment: Attachment) -> Attachment:
        with scope.entered(self.scope):
            return Attachment.objects.get(pk=attachment.pk)


@pytest.fixture
def place(settings: Settings, tmp_path: Path) -> Place:
    settings.VIGIE_FILES_FOLDER = tmp_path / "files"
    settings.VIGIE_CLAMAV_URL = None
    with as_maintenance():
        return Place(directory.SiteFactory.create().id, directory.BareDeskFactory.create().id)


def files_of(settings: Settings) -> list[Path]:
    return [path for path in Path(settings.VIGIE_FILES_FOLDER).rglob("*") if path.is_file()]


def test_a_document_is_kept_byte_for_byte_under_its_digest(place: Place) -> None:
    kept = place.store(documents.pdf(), "Compte rendu.pdf")
    assert serving.open_file(kept) == documents.pdf()
    assert storage.path_of(kept.digest).name == kept.digest == storage.digest_of(documents.pdf())
    assert (kept.name, kept.media_type, kept.size) == ("Compte rendu.pdf", "application/pdf", len(documents.pdf()))


def test_a_photograph_loses_its_place_and_its_camera_and_stands_upright(place: Place) -> None:
    kept = place.store(documents.jpeg_with_place(20, 10), "photo.jpeg")
    data = serving.open_file(kept)
    assert b"Camille" not in data
    assert b"secret" not in data
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (10, 20)
        assert not picture.getexif()


def test_a_renamed_file_takes_the_extension_of_its_content(place: Place) -> None:
    kept = place.store(documents.png(), "tableau.xlsx")
    assert (kept.name, kept.media_type) == ("tableau.png", "image/png")


@pytest.mark.parametrize("size", [(8, 8), (640, 480)])
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pictures_of_every_mode_are_kept(place: Place, mode: str, size: tuple[int, int]) -> None:
    out = io.BytesIO()
    Image.new(mode, size).save(out, "PNG")
    with Image.open(io.BytesIO(serving.open_file(place.store(out.getvalue())))) as picture:
        assert picture.size == size


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "est vide"),
        (b"MZ" + b"\0" * 100, "n’est pas accepté"),
        (b"x" * 2049, "dépasse 2\u00a0Ko"),
        (documents.encrypted_pdf(), "mot de passe"),
        (documents.png_declaring(30_000, 30_000), "trop de pixels"),
        (documents.png()[:50], "abîmé"),
        (documents.png() + documents.archive({"virus.exe": b"MZ"}), "cache un autre"),
    ],
    ids=["empty", "program", "oversized", "encrypted", "too many pixels", "cut", "polyglot"],
)
def test_a_refused_file_is_named_with_the_reason_and_nothing_is_kept(place: Place, settings: Settings, data: bytes, said: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        place.store(data, "mon\u202e fichier.pdf", limit=2048)
    message = str(refusal.value.message)
    assert message.startswith("«\u00a0mon fichier.pdf\u00a0»\u00a0: ")
    assert said in message
    assert files_of(settings) == []
    with as_maintenance():
        assert not Attachment.objects.exists()


def test_no_desk_takes_more_than_ten_megabytes(place: Place) -> None:
    with pytest.raises(FileRefused, match="10\u00a0Mo"):
        place.store(documents.pdf(b"%" + b"x" * 10 * 1024 * 1024), limit=50 * 1024 * 1024)


def test_the_same_content_is_kept_once_for_two_rows(place: Place, settings: Settings) -> None:
    assert place.store(documents.pdf()).digest == place.store(documents.pdf()).digest
    assert len(files_of(settings)) == 1


def test_another_site_cannot_see_the_file_and_the_site_cannot_see_the_desks_internal_one(place: Place) -> None:
    public, internal = place.store(documents.pdf()), place.store(documents.png(), internal=True)
    with as_maintenance():
        elsewhere = directory.SiteFactory.create().id
    with scope.entered(scope.Scope(site_ids=frozenset({elsewhere}))):
        assert not Attachment.objects.exists()
    with scope.entered(place.scope):
        assert set(Attachment.objects.values_list("pk", flat=True)) == {public.pk}
    with scope.entered(scope.Scope(desk_ids=frozenset({place.desk_id}))):
        assert set(Attachment.objects.values_list("pk", flat=True)) == {public.pk, internal.pk}


def test_a_document_is_served_as_a_download_that_cannot_run(place: Place) -> None:
    response = serving.serve(place.store(documents.docx(), 'Procès-verbal "été".docx'), inline=True)
    assert response.headers["Content-Disposition"] == (
        "attachment; filename=\"Proc_s-verbal __t__.docx\"; filename*=UTF-8''Proc%C3%A8s-verbal%20_%C3%A9t%C3%A9_.docx"
    )
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "private, no-store"
    assert not response.streaming


@pytest.mark.parametrize("data", [documents.png(), documents.jpeg_with_place(), documents.pdf()], ids=["png", "jpg", "pdf"])
def test_pictures_and_pdf_may_be_shown_in_place(place: Place, data: bytes) -> None:
    kept = place.store(data)
    assert serving.serve(kept, inline=True).headers["Content-Disposition"].startswith("inline;")
    assert serving.serve(kept, inline=False).headers["Content-Disposition"].startswith("attachment;")


def test_a_row_whose_bytes_are_gone_says_so_calmly(place: Place) -> None:
    kept = place.store(documents.pdf())
    storage.path_of(kept.digest).unlink()
    with pytest.raises(FileUnavailable):
        serving.serve(kept, inline=False)


def test_files_without_a_row_are_removed_once_they_are_old(place: Place, settings: Settings) -> None:
    kept = place.store(documents.pdf())
    with transaction.atomic():
        place.store(documents.docx(), "abandonné.docx")
        transaction.set_rollback(True)
    assert len(files_of(settings)) == 2
    assert actions.remove_orphans() == 0
    for path in files_of(settings):
        os.utime(path, (1, 1))
    assert actions.remove_orphans() == 1
    assert files_of(settings) == [storage.path_of(kept.digest)]


@dataclass
class Clamd:
    """A clamd that knows one virus."""

    url: str
    received: list[bytes]


@pytest.fixture
def clamd() -> Iterator[Clamd]:
    server = socket.create_server(("127.0.0.1", 0))
    scanner = Clamd(f"tcp://127.0.0.1:{server.getsockname()[1]}", [])

    def answer() -> None:
        while True:
            try:
                connection, _address = server.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                data = b""
                while size := struct.unpack("!I", stream.read(4))[0]:
                    data += stream.read(size)
                scanner.received.append(data)
                connection.sendall(b"stream: Eicar-Test-Signature FOUND\0" if b"EICAR" in data else b"stream: OK\0")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield scanner
    server.close()


def test_a_file_waits_for_the_scanner_then_is_served(place: Place, settings: Settings, clamd: Clamd) -> None:
    settings.VIGIE_CLAMAV_URL = clamd.url
    large = documents.pdf(b"%" + bytes(200_000) + b"\n")
    kept = place.store(large)
    with pytest.raises(FileUnavailable, match="en cours d’analyse"):
        serving.serve(kept, inline=False)
    assert run_jobs() == ["attachments.scan"]
    assert clamd.received == [large]
    assert serving.serve(place.read_again(kept), inline=False).content == large


def test_a_dangerous_file_is_put_aside_and_refused_when_it_comes_back(place: Place, settings: Settings, clamd: Clamd) -> None:
    settings.VIGIE_CLAMAV_URL = clamd.url
    kept = place.store(documents.pdf(b"% EICAR\n"))
    run_jobs()
    assert place.read_again(kept).scan == Scan.INFECTED
    assert not storage.path_of(kept.digest).exists()
    with pytest.raises(FileUnavailable, match="dangereux"):
        serving.serve(place.read_again(kept), inline=False)
    with pytest.raises(FileRefused, match="antivirus"):
        place.store(documents.pdf(b"% EICAR\n"))


def test_a_silent_scanner_is_asked_again_later_and_the_file_still_waits(place: Place, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        settings.VIGIE_CLAMAV_URL = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
    kept = place.store(documents.pdf())
    with pytest.raises(clamav.ScannerUnavailable):
        run_jobs()
    assert place.read_again(kept).scan == Scan.WAITING


def test_no_scan_is_deferred_without_a_scanner(place: Place) -> None:
    assert place.store(documents.pdf()).scan == Scan.NOT_CONFIGURED
    assert not ProcrastinateJob.objects.exists()
