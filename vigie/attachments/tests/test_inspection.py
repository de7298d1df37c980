"""What a file is, whatever its name says."""

import contextlib
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.attachments import inspection
from vigie.attachments.compound_files import SIGNATURE
from vigie.attachments.errors import ContentRefused
from vigie.attachments.kinds import DOC, DOCX, JPEG, KINDS, PDF, PNG, XLS, XLSX, Kind
from vigie.attachments.tests import documents


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (documents.png(), PNG),
        (documents.jpeg_with_place(), JPEG),
        (documents.pdf(), PDF),
        (documents.pdf() + b"\r\n\0\0", PDF),
        (documents.docx(), DOCX),
        (documents.xlsx(), XLSX),
        (documents.doc(), DOC),
        (documents.xls(), XLS),
    ],
    ids=["png", "jpg", "pdf", "pdf with a ragged end", "docx", "xlsx", "doc", "xls"],
)
def test_each_kind_is_known_by_its_content(data: bytes, kind: Kind) -> None:
    assert inspection.kind_of(data) is kind


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", inspection.EMPTY),
        (b"Bonjour", inspection.NOT_TAKEN),
        (b"MZ\x90\x00" + b"\0" * 200, inspection.NOT_TAKEN),
        (b"<html><script>alert(1)</script>", inspection.NOT_TAKEN),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', inspection.NOT_TAKEN),
        (b"GIF89a" + b"\0" * 40, inspection.NOT_TAKEN),
        (documents.archive({"lisez-moi.txt": b"bonjour"}), inspection.NOT_TAKEN),
        (documents.package("application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"), inspection.NOT_TAKEN),
        (documents.compound({"PowerPoint Document": b"\0" * 100}), inspection.NOT_TAKEN),
        (documents.encrypted_pdf(), inspection.PROTECTED),
        (documents.encrypted_zip(), inspection.PROTECTED),
        (documents.encrypted_docx(), inspection.PROTECTED),
        (documents.doc(encrypted=True), inspection.PROTECTED),
        (documents.xls(encrypted=True), inspection.PROTECTED),
        (documents.package(documents.MACRO_MAIN), inspection.MACROS),
        (documents.package(documents.WORD_MAIN, {"word/vbaProject.bin": b"\0"}), inspection.MACROS),
        (documents.pdf()[:60], inspection.DAMAGED),
        (documents.docx()[:-30], inspection.DAMAGED),
        (documents.lying_docx(), inspection.DAMAGED),
        (documents.doc()[:700], inspection.DAMAGED),
        (SIGNATURE + b"\0" * 2000, inspection.DAMAGED),
        (documents.package(documents.WORD_MAIN, {"main.xml": b"0" * 30_000_000}), inspection.BOMB),
        (documents.package(documents.WORD_MAIN, {f"p{n}.xml": b"" for n in range(6000)}, compression=zipfile.ZIP_STORED), inspection.BOMB),
        (documents.pdf() + documents.docx(), inspection.TWO_KINDS),
        (documents.png() + documents.archive({"a.exe": b"MZ"}), inspection.TWO_KINDS),
        (documents.jpeg_with_place() + documents.archive({"a.exe": b"MZ"}), inspection.TWO_KINDS),
        (documents.jpeg_with_place()[:20] + documents.pdf(), inspection.TWO_KINDS),
        (b"junk" + documents.pdf(), inspection.NOT_TAKEN),
        (documents.package(documents.WORD_MAIN, {"main.xml": documents.pdf()}, compression=zipfile.ZIP_STORED), inspection.TWO_KINDS),
    ],
    ids=[
        "empty", "text", "program", "page", "svg", "gif", "zip", "slides", "old slides", "encrypted pdf", "encrypted zip",
        "encrypted docx", "encrypted doc", "encrypted xls", "docm", "docx with macros", "cut pdf", "cut docx", "lying docx",
        "cut doc", "empty doc", "bomb by ratio", "bomb by number", "pdf then docx", "png then zip", "jpg then zip",
        "jpg around pdf", "pdf not at the beginning", "docx around pdf",
    ],
)  # fmt: skip
def test_unsafe_content_is_refused_with_its_reason(data: bytes, reason: object) -> None:
    with pytest.raises(ContentRefused) as refusal:
        inspection.kind_of(data)
    assert refusal.value.reason == reason


@given(st.binary(max_size=2000), st.sampled_from([b"", SIGNATURE, b"PK\x03\x04", b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]))
def test_no_content_breaks_the_inspection(data: bytes, start: bytes) -> None:
    with contextlib.suppress(ContentRefused):
        assert inspection.kind_of(start + data) in KINDS


@given(st.data())
def test_no_damaged_document_breaks_the_inspection(data: st.DataObject) -> None:
    document = bytearray(data.draw(st.sampled_from([documents.doc(), documents.xls(), documents.docx(), documents.pdf()])))
    for _ in range(data.draw(st.integers(1, 8))):
        document[data.draw(st.integers(0, min(len(document), 1600) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ContentRefused):
        assert inspection.kind_of(bytes(document)) in KINDS
