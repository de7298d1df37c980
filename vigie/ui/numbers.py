"""Numbers and sizes as people read them."""

from vigie.ui.dates import is_french

_STEP = 1024
_NARROW = "\u00a0"


def grouped(number: int) -> str:
    """« 12 480 », or 12,480."""
    text = f"{number:,}"
    return text.replace(",", _NARROW) if is_french() else text


def readable_size(size: int) -> str:
    """« 1,4 Mo », « 320 Ko », « 12 octets ». The element `<file-drop>` writes the same."""
    units = ("octets", "Ko", "Mo", "Go") if is_french() else ("bytes", "KB", "MB", "GB")
    value: float = size
    unit = 0
    while value >= _STEP and unit < len(units) - 1:
        value /= _STEP
        unit += 1
    text = f"{value:.1f}".removesuffix(".0") if unit > 1 else f"{value:.0f}"
    return f"{text.replace('.', ',') if is_french() else text}{_NARROW}{units[unit]}"
