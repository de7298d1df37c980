"""Tables for spreadsheets: plain text, real dates and numbers, and never a formula (INC-24)."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

import xlsxwriter
from django.utils.timezone import localtime

CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | datetime | None
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_WIDEST: Final = 50
_EVERY: Final = 500


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]], *, tell: Callable[[int], None] | None = None) -> str:
    """Return a table with semicolons, as French spreadsheets expect. What looks like a formula begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(header)
    for count, row in enumerate(rows, start=1):
        writer.writerow([_plain(cell) for cell in row])
        _say(tell, count)
    return text.getvalue()


def xlsx_bytes(title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, tell: Callable[[int], None] | None = None) -> bytes:
    """Return a workbook of one sheet, written row by row.

    Every text is a text: a formula, a link or a number in one stays as it was typed.
    """
    output = io.BytesIO()
    book = xlsxwriter.Workbook(
        output,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "remove_timezone": True,
        },
    )
    sheet = book.add_worksheet(title[:31])
    bold, day = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    for column, label in enumerate(header):
        sheet.set_column(column, column, min(_WIDEST, max(16, len(label) + 4)))
        sheet.write_string(0, column, label, bold)
    sheet.freeze_panes(1, 0)
    count = 0
    for count, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, datetime):
                # A sheet knows no zone: the hour is that of whom the file is for.
                sheet.write_datetime(count, column, localtime(cell).replace(tzinfo=None), day)
            elif isinstance(cell, int):
                sheet.write_number(count, column, cell)
            elif cell:
                sheet.write_string(count, column, cell)
        _say(tell, count)
    sheet.autofilter(0, 0, count, max(0, len(header) - 1))
    book.close()
    return output.getvalue()


def _plain(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return f"{localtime(cell):%Y-%m-%d %H:%M}"
    if isinstance(cell, int):
        return str(cell)
    return f"'{cell}" if cell and cell.startswith(_FORMULA) else cell or ""


def _say(tell: Callable[[int], None] | None, count: int) -> None:
    if tell is not None and count % _EVERY == 0:
        tell(count)
