"""Re-encoding images: what was hidden in the file (place, device, appended data) does not survive."""

import contextlib
import io
import threading
import warnings
from typing import Final

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from vigie.attachments.errors import ContentRefused
from vigie.attachments.inspection import DAMAGED
from vigie.attachments.kinds import JPEG, Kind

MOST_PIXELS: Final = 40_000_000
TOO_MANY_PIXELS: Final = _("l’image compte trop de pixels (40 millions au plus). Réduisez-la, puis ajoutez-la de nouveau.")
_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG"}
# A decoded image holds up to 160 MB: bound how many there are at once in a process.
_decoding = threading.BoundedSemaphore(2)


def reencoded(data: bytes, kind: Kind) -> bytes:
    """Return the picture, upright, in the same format, without any metadata.

    Raises:
        ContentRefused: it cannot be decoded, or it is too large.

    """
    with _decoding, warnings.catch_warnings():
        # Our own limit, below, comes first.
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=[_FORMATS[kind.media_type]]) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise ContentRefused(TOO_MANY_PIXELS)
                picture.load()
                return _encoded(_plain(picture), kind)
        except Image.DecompressionBombError as error:
            raise ContentRefused(TOO_MANY_PIXELS) from error
        # Pillow's decoders raise about anything on broken input.
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, ArithmeticError, IndexError, MemoryError) as error:
            raise ContentRefused(DAMAGED) from error


def _plain(picture: Image.Image) -> Image.Image:
    """Return the pixels alone, upright, in colours that every screen knows."""
    profile = picture.info.get("icc_profile")
    ImageOps.exif_transpose(picture, in_place=True)
    if profile and picture.mode in {"RGB", "CMYK", "L"}:
        # With a broken profile the colours stay as they are.
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return converted or picture
    return picture


def _encoded(picture: Image.Image, kind: Kind) -> bytes:
    out = io.BytesIO()
    if kind is JPEG:
        if picture.mode not in {"RGB", "L"}:
            picture = picture.convert("RGB")
        # Pillow writes what `info` holds: comments, profiles…
        picture.info = {}
        picture.save(out, "JPEG", quality=88)
    else:
        if picture.mode == "P" and "transparency" in picture.info:
            picture = picture.convert("RGBA")
        elif picture.mode not in {"1", "L", "LA", "I;16", "P", "RGB", "RGBA"}:
            picture = picture.convert("RGB")
        transparency = picture.info.get("transparency")
        picture.info = {} if transparency is None else {"transparency": transparency}
        picture.save(out, "PNG", compress_level=4)
    return out.getvalue()
