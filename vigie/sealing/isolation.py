"""Conditions of row-level security for sealed data: stricter than the scope of a transaction.

A scope may hold sites that somebody administers for others, and an operator sees the whole platform. Sealed data asks
for a membership of one's own in force, and says what it must give (migration `sealing.0002`).
"""

from typing import Final

from vigie.foundation import rls

MANAGES: Final = "site_id IN (SELECT sealing_sites('manage'))"
"""The person who asks administers the site herself."""
_OPENS: Final = "site_id IN (SELECT sealing_sites('open'))"
OPENS: Final = f"{rls.within('site_id', 'sites')} AND {_OPENS}"
"""She holds the habilitation that opens health data (`patients.open`): for tables with sealed fields."""
HOLDERS: Final = f"{rls.within('site_id', 'sites')} AND {rls.either(MANAGES, _OPENS)}"
"""One or the other: for the keys themselves."""
