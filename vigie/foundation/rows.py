"""Reading rows without paying for what is not needed."""

from typing import TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def one_or_none(queryset: QuerySet[Row]) -> Row | None:
    """Return the row of a look-up by something unique.

    `first()` orders by primary key when nothing else is asked: for one row, preparing that costs as much as the rest of the statement.
    """
    for row in queryset[:1]:
        return row
    return None
