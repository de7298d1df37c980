"""The kinds of files Vigie takes (INC-3)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """`is_inline`: a browser may show it in a page of its own; everything else is only downloaded."""

    media_type: str
    extension: str
    is_inline: bool = False

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")


JPEG: Final = Kind("image/jpeg", "jpg", is_inline=True)
PNG: Final = Kind("image/png", "png", is_inline=True)
PDF: Final = Kind("application/pdf", "pdf", is_inline=True)
DOCX: Final = Kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx")
XLSX: Final = Kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")
DOC: Final = Kind("application/msword", "doc")
XLS: Final = Kind("application/vnd.ms-excel", "xls")

KINDS: Final = (JPEG, PNG, PDF, DOCX, DOC, XLSX, XLS)
BY_MEDIA_TYPE: Final = {kind.media_type: kind for kind in KINDS}
ACCEPTED_EXTENSIONS: Final = (".jpg", ".jpeg", ".png", ".pdf", ".docx", ".doc", ".xlsx", ".xls")
"""What a file chooser proposes. The server looks at the content only."""
