"""Real bytes of every kind, sound and unsound, made on the spot."""

import io
import struct
import zipfile
import zlib

from PIL import Image

WORD_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
EXCEL_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
MACRO_MAIN = "application/vnd.ms-word.document.macroEnabled.main+xml"


def png(width: int = 20, height: int = 10, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (10, 120, 130)).save(out, "PNG", **options)
    return out.getvalue()


def png_declaring(width: int, height: int) -> bytes:
    """Return a small PNG that claims to be huge, with pixels that unpack to a great deal."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack("!I", len(content)) + name + content + struct.pack("!I", zlib.crc32(name + content))

    header = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg_with_place(width: int = 20, height: int = 10) -> bytes:
    """Return a photograph lying on its side, with the camera's name and where it was taken."""
    exif = Image.Exif()
    exif[0x0110] = "Appareil de Camille"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(out, "JPEG", exif=exif, comment=b"secret")
    return out.getvalue()


def pdf(extra: bytes = b"", *, trailer: bytes = b"<< /Root 1 0 R /Size 4 >>") -> bytes:
    body = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n" + extra
    body += b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    return body + b"xref\n0 1\n0000000000 65535 f \ntrailer\n" + trailer + b"\nstartxref\n%d\n%%%%EOF\n" % len(body)


def encrypted_pdf() -> bytes:
    return pdf(trailer=b"<< /Root 1 0 R /Size 4 /Encrypt 3 0 R >>")


def package(main_type: str, parts: dict[str, bytes] | None = None, *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an Office Open XML file with this main content type."""
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/main.xml" ContentType="{main_type}"/></Types>'
    )
    return archive(
        {"[Content_Types].xml": types.encode(), "_rels/.rels": b"<Relationships/>"} | (parts or {"main.xml": b"<x/>"}), compression
    )


def archive(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as package_file:
        for name, content in parts.items():
            package_file.writestr(name, content)
    return out.getvalue()


def docx() -> bytes:
    return package(WORD_MAIN)


def xlsx() -> bytes:
    return package(EXCEL_MAIN)


def encrypted_zip() -> bytes:
    """Return a package whose entries say they are encrypted."""
    data = bytearray(docx())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = data.find(signature)
        while position >= 0:
            data[position + flags] |= 1
            position = data.find(signature, position + 4)
    return bytes(data)


def lying_docx() -> bytes:
    """Return a package with an entry larger than it declares."""
    data = bytearray(package(WORD_MAIN, {"main.xml": b"A" * 5000}))
    for signature, size in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        position = data.rfind(signature)
        data[position + size : position + size + 4] = struct.pack("<I", 10)
    return bytes(data)


def compound(streams: dict[str, bytes]) -> bytes:
    """Return an OLE2 compound file (version 3) whose streams are padded to 4096 bytes at least."""
    sector = 512
    contents: list[bytes] = []
    entries = [_entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1)]
    next_sector = 2  # 0: the allocation table; 1: the directory
    fat = [0xFFFFFFFD, 0xFFFFFFFE]
    for position, (name, content) in enumerate(streams.items(), 1):
        padded = content.ljust(max(4096, -(-len(content) // sector) * sector), b"\0")
        count = len(padded) // sector
        entries.append(_entry(name, 2, next_sector, len(padded), right=position + 1 if position < len(streams) else None))
        fat += [*range(next_sector + 1, next_sector + count), 0xFFFFFFFE]
        next_sector += count
        contents.append(padded)
    directory = b"".join(entries).ljust(sector, b"\0")
    table = struct.pack("<128I", *(fat + [0xFFFFFFFF] * (128 - len(fat))))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", 0, *([0xFFFFFFFF] * 108))
    return header + table + directory + b"".join(contents)


def _entry(name: str, kind: int, start: int, size: int, *, child: int | None = None, right: int | None = None) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    nothing = 0xFFFFFFFF
    return (
        encoded.ljust(64, b"\0")
        + struct.pack("<HBB", len(encoded), kind, 1)
        + struct.pack("<III", nothing, nothing if right is None else right, nothing if child is None else child)
        + b"\0" * 36
        + struct.pack("<IQ", start, size)
    )


def doc(*, encrypted: bool = False) -> bytes:
    return compound({"WordDocument": b"\xec\xa5\xc1\x00" + b"\0" * 6 + struct.pack("<H", 0x0100 if encrypted else 0)})


def xls(*, encrypted: bool = False) -> bytes:
    start = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 5, 0, 0, 0, 0)
    return compound({"Workbook": start + (struct.pack("<HHHH", 0x002F, 4, 0, 0) if encrypted else struct.pack("<HH", 0x00E1, 0))})


def encrypted_docx() -> bytes:
    return compound({"EncryptionInfo": b"\x04\x00\x04\x00", "EncryptedPackage": b"\0" * 64})
