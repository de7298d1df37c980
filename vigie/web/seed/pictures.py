"""Small files that people attach: screenshots of invented windows, and one-page forms in PDF. Drawn here, no photograph."""

import io
import time
import unicodedata
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from vigie.web.seed.phrases import french

# The font that comes with Pillow has no accented letters: they are put together from a letter and a mark.
_ACUTE, _GRAVE, _CIRCUMFLEX, _DIAERESIS, _CEDILLA = "\u0301", "\u0300", "\u0302", "\u0308", "\u0327"
_SIZE = (860, 480)
_BARS = ("#1d4e89", "#2f6f5e", "#6b4e9b", "#8a5a2b", "#37474f")
_SOME_DAY = time.struct_time((2026, 1, 5, 9, 0, 0, 0, 5, 0))
"""Written into each PDF, so that the same page gives the same bytes."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is in a file, and of what kind it is."""

    data: bytes
    media_type: str
    extension: str


@cache
def screenshot(product: str, message: str) -> Picture:
    """Return a window of this product that shows a message; its placeholders are filled with usual values."""
    title, *lines = french(message.format(heure="9 h 40", nombre="12", imprimante="BR-0714")).split("\n")
    shade = _BARS[sum(map(ord, product)) % len(_BARS)]
    image = Image.new("RGB", _SIZE, "#e9edf2")
    draw = ImageDraw.Draw(image)
    _window(draw, product, shade)
    _rows(draw)
    _dialogue(draw, title, lines, shade)
    return _encoded(image, "PNG")


@cache
def form(title: str, lines: tuple[str, ...]) -> Picture:
    """Return a page with a title and lines to fill in, as PDF."""
    image = Image.new("RGB", (1240, 1754), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((90, 90, 1150, 96), fill=_BARS[0])
    _write(draw, (90, 130), french(title), size=44)
    for order, line in enumerate(lines):
        top = 260 + order * 110
        _write(draw, (90, top), french(line), size=28)
        draw.line((90, top + 72, 1150, top + 72), fill="#b8c0c8", width=2)
    return _encoded(image, "PDF")


def _window(draw: ImageDraw.ImageDraw, product: str, shade: str) -> None:
    width, height = _SIZE
    draw.rectangle((0, 0, width, 40), fill=shade)
    _write(draw, (16, 9), product, size=18, fill="white")
    for order, letter in enumerate("_ox"):
        _write(draw, (width - 96 + order * 30, 7), letter, size=18, fill="white")
    draw.rectangle((0, 40, 170, height), fill="#d5dce4")
    for order, name in enumerate(("Accueil", "Recherche", "Mes listes", "Éditions", "Paramètres")):
        if order == 2:
            draw.rectangle((0, 58 + order * 38, 170, 92 + order * 38), fill="#f4f6f8")
        _write(draw, (18, 64 + order * 38), name, size=16, fill="#33404d")
    draw.rectangle((0, height - 26, width, height), fill="#d5dce4")
    _write(draw, (12, height - 23), "Poste de démonstration - aucune donnée de patient", size=13, fill="#55606b")


def _rows(draw: ImageDraw.ImageDraw) -> None:
    """A list behind the dialogue, whose cells are grey bars."""
    for row in range(9):
        top = 62 + row * 42
        draw.rectangle((190, top, 840, top + 32), fill="white" if row % 2 else "#f4f6f8")
        for column, length in enumerate((70, 150, 110, 90)):
            left = 204 + column * 160
            draw.rectangle((left, top + 12, left + length - row * 5, top + 20), fill="#c9d1d9")


def _dialogue(draw: ImageDraw.ImageDraw, title: str, lines: list[str], shade: str) -> None:
    left, top, right = 250, 132, 790
    bottom = top + 130 + 30 * len(lines)
    draw.rectangle((left + 6, top + 6, right + 6, bottom + 6), fill="#aab4be")
    draw.rectangle((left, top, right, bottom), fill="white", outline="#7b8794")
    draw.ellipse((left + 22, top + 26, left + 66, top + 70), fill="#c0392b")
    _write(draw, (left + 40, top + 31), "!", size=30, fill="white")
    _write(draw, (left + 86, top + 34), title, size=22)
    for order, line in enumerate(lines):
        _write(draw, (left + 86, top + 76 + order * 30), line, size=18, fill="#33404d")
    draw.rectangle((right - 110, bottom - 44, right - 20, bottom - 14), fill=shade)
    _write(draw, (right - 80, bottom - 40), "OK", size=17, fill="white")


def _write(draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, *, size: int, fill: str = "#1c2530") -> None:
    font = _font(size)
    x, y = place
    for letter in text.replace("\N{NO-BREAK SPACE}", " "):
        base, *marks = list(unicodedata.normalize("NFD", letter))
        draw.text((x, y), base, font=font, fill=fill)
        left, top, right, bottom = draw.textbbox((x, y), base, font=font)
        for mark in marks:
            _mark(draw, mark, (left, top, right, bottom), fill, size)
        x += font.getlength(base)


def _mark(draw: ImageDraw.ImageDraw, mark: str, box: tuple[float, float, float, float], fill: str, size: int) -> None:
    """Draw a French accent over a letter, or its cedilla under."""
    left, top, right, bottom = box
    middle, over, reach, width = (left + right) / 2, top - size * 0.1, size * 0.13, max(1, round(size / 12))
    if mark == _ACUTE:
        draw.line((middle - reach * 0.4, over, middle + reach, over - reach), fill=fill, width=width)
    elif mark == _GRAVE:
        draw.line((middle - reach, over - reach, middle + reach * 0.4, over), fill=fill, width=width)
    elif mark == _CIRCUMFLEX:
        draw.line((middle - reach, over, middle, over - reach), fill=fill, width=width)
        draw.line((middle, over - reach, middle + reach, over), fill=fill, width=width)
    elif mark == _DIAERESIS:
        for side in (-reach, reach * 0.7):
            draw.rectangle((middle + side, over - width, middle + side + width, over), fill=fill)
    elif mark == _CEDILLA:
        draw.line((middle, bottom, middle + reach * 0.6, bottom + reach * 0.8), fill=fill, width=width)
        draw.line((middle + reach * 0.6, bottom + reach * 0.8, middle - reach * 0.5, bottom + reach * 1.3), fill=fill, width=width)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _encoded(image: Image.Image, kind: str) -> Picture:
    out = io.BytesIO()
    if kind == "PDF":
        image.convert("L").save(out, "PDF", resolution=150, creationDate=_SOME_DAY, modDate=_SOME_DAY)
        media_type, extension = "application/pdf", "pdf"
    else:
        image.quantize(64).save(out, "PNG", optimize=True)
        media_type, extension = "image/png", "png"
    return Picture(out.getvalue(), media_type, extension)
