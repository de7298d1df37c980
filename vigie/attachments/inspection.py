"""Telling what a file is from its content alone, and refusing what is not safely one of the kinds taken."""

import io
import re
import zipfile
import zlib
from typing import Final

from django.utils.translation import gettext_lazy as _

from vigie.attachments.compound_files import SIGNATURE as COMPOUND_SIGNATURE
from vigie.attachments.compound_files import CompoundFile, Entry, MalformedCompoundFile
from vigie.attachments.errors import ContentRefused
from vigie.attachments.kinds import DOC, DOCX, JPEG, PDF, PNG, XLS, XLSX, Kind

_MOST_ENTRIES: Final = 5_000
_MOST_UNPACKED: Final = 200 * 1024 * 1024
_MOST_RATIO: Final = 200
"""Bytes unpacked for one packed. Repetitive sheets reach a hundred; zip bombs, a thousand."""
_SMALL_ENOUGH: Final = 5 * 1024 * 1024
_LARGEST_TYPES_PART: Final = 1024 * 1024

_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_ZIP_SIGNATURE: Final = b"PK\x03\x04"
_MAIN_PARTS: Final = {
    b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": DOCX,
    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": XLSX,
}
_ENCRYPTED_PDF: Final = re.compile(rb"/Encrypt(?:\s+\d+\s+\d+\s+R|\s*<<)")
_PAGE_MARK: Final = re.compile(rb"<\s*(?:!doctype\s+html|html|script|\?php)", re.IGNORECASE)

NOT_TAKEN: Final = _(
    "ce type de fichier n’est pas accepté. Les formats acceptés sont jpg, png, pdf, docx, doc, xlsx et xls\u00a0; "
    "enregistrez le document dans l’un d’eux, puis ajoutez-le de nouveau."
)
EMPTY: Final = _("le fichier est vide. Vérifiez-le sur votre poste, puis ajoutez-le de nouveau.")
PROTECTED: Final = _("le fichier est protégé par un mot de passe. Retirez la protection, puis ajoutez-le de nouveau.")
DAMAGED: Final = _("le fichier est abîmé ou incomplet. Ouvrez-le sur votre poste, enregistrez-le de nouveau, puis ajoutez-le.")
MACROS: Final = _("le fichier contient des macros. Enregistrez-le sans macros (docx ou xlsx), puis ajoutez-le de nouveau.")
BOMB: Final = _(
    "une fois décompressé, le fichier serait démesuré. Enregistrez-en une version plus légère, ou une copie en PDF, puis ajoutez-la."
)
TWO_KINDS: Final = _(
    "le fichier en cache un autre d’un autre type. Enregistrez de nouveau le document d’origine, ou une capture d’écran, puis ajoutez-le."
)


def kind_of(data: bytes) -> Kind:
    """Return what the content is.

    Images are only recognised here: decoding them (`images`) tells the rest.

    Raises:
        ContentRefused: it is none of the kinds taken, or it is damaged, protected, a bomb, or two things at once.

    """
    if not data:
        raise ContentRefused(EMPTY)
    if data.startswith(b"\xff\xd8\xff"):
        return _without_stowaway(data, JPEG)
    if data.startswith(_PNG_SIGNATURE):
        return _without_stowaway(data, PNG)
    if data.startswith(b"%PDF-"):
        return _pdf(data)
    if data.startswith(_ZIP_SIGNATURE):
        return _office_package(data)
    if data.startswith(COMPOUND_SIGNATURE):
        return _compound_document(data)
    raise ContentRefused(NOT_TAKEN)


def _without_stowaway(data: bytes, kind: Kind) -> Kind:
    """Refuse what another program would open as something else."""
    if _opens_as_zip(data) or (kind is not PDF and b"%PDF-" in data[:1024]) or _PAGE_MARK.search(data[:1024]):
        raise ContentRefused(TWO_KINDS)
    return kind


def _opens_as_zip(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return bool(archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return False


def _pdf(data: bytes) -> Kind:
    end = data.rfind(b"%%EOF")
    if end < 0 or b"startxref" not in data[max(0, end - 1024) : end]:
        raise ContentRefused(DAMAGED)
    _without_stowaway(data, PDF)
    if _ENCRYPTED_PDF.search(data):
        raise ContentRefused(PROTECTED)
    return PDF


def _office_package(data: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _kind_of_package(archive, data)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise ContentRefused(DAMAGED) from error


def _kind_of_package(archive: zipfile.ZipFile, data: bytes) -> Kind:
    entries = archive.infolist()
    _refuse_bomb(entries, len(data))
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise ContentRefused(PROTECTED)
    names = {entry.filename for entry in entries}
    if not {"[Content_Types].xml", "_rels/.rels"} <= names:
        raise ContentRefused(NOT_TAKEN)
    if min(entry.header_offset for entry in entries) != 0 or len(names) != len(entries) or b"%PDF-" in data[:1024]:
        raise ContentRefused(TWO_KINDS)
    if archive.getinfo("[Content_Types].xml").file_size > _LARGEST_TYPES_PART:
        raise ContentRefused(BOMB)
    types = archive.read("[Content_Types].xml")
    if b"macroEnabled" in types or any(name.lower().endswith("vbaproject.bin") for name in names):
        raise ContentRefused(MACROS)
    kinds = [kind for main_part, kind in _MAIN_PARTS.items() if re.search(rb"[\"']" + re.escape(main_part) + rb"[\"']", types)]
    if len(kinds) != 1:
        raise ContentRefused(NOT_TAKEN)
    _unpack_all(archive, entries)
    return kinds[0]


def _refuse_bomb(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries) > _MOST_UNPACKED:
        raise ContentRefused(BOMB)
    # Entries that share their bytes make a bomb without any large ratio.
    if sum(entry.compress_size for entry in entries) > size:
        raise ContentRefused(BOMB)
    if any(entry.file_size > max(_SMALL_ENOUGH, entry.compress_size * _MOST_RATIO) for entry in entries):
        raise ContentRefused(BOMB)


def _unpack_all(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Read every entry, to its declared size at most: a wrong size or sum raises BadZipFile."""
    for entry in entries:
        with archive.open(entry) as part:
            while part.read(256 * 1024):
                pass


def _compound_document(data: bytes) -> Kind:
    try:
        document = CompoundFile(data)
        if document.stream("EncryptedPackage") is not None:
            raise ContentRefused(PROTECTED)
        word = document.stream("WordDocument")
        workbook = document.stream("Workbook") or document.stream("Book")
        if word is not None:
            return _word_document(document, word)
        if workbook is not None:
            return _excel_workbook(document, workbook)
    except MalformedCompoundFile as error:
        raise ContentRefused(DAMAGED) from error
    raise ContentRefused(NOT_TAKEN)


def _word_document(document: CompoundFile, stream: Entry) -> Kind:
    head = document.first_bytes(stream, 32)
    if len(head) < 12 or head[:2] not in {b"\xec\xa5", b"\xdc\xa5"}:
        raise ContentRefused(DAMAGED)
    if head[11] & 0x01:  # fEncrypted, [MS-DOC] 2.5.2
        raise ContentRefused(PROTECTED)
    return DOC


def _excel_workbook(document: CompoundFile, stream: Entry) -> Kind:
    head = document.first_bytes(stream, 512)
    if len(head) < 4 or head[:2] not in {b"\x09\x08", b"\x09\x04", b"\x09\x02"}:
        raise ContentRefused(DAMAGED)
    position = 0
    while position + 4 <= len(head):
        record = int.from_bytes(head[position : position + 2], "little")
        if record == 0x002F:  # FILEPASS, [MS-XLS] 2.4.117
            raise ContentRefused(PROTECTED)
        position += 4 + int.from_bytes(head[position + 2 : position + 4], "little")
    return XLS
