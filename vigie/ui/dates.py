"""Dates as people write them, in the reader's language and the current time zone."""

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import get_language

_NB: Final = "\u00a0"
_DAYS_FR: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS_FR: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_DAYS_EN: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS_EN: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_MINUTE: Final = 60
_HOUR: Final = 3600


def is_french() -> bool:
    return (get_language() or "fr").startswith("fr")


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


def clock(moment: datetime) -> str:
    """« 17 h 58 », « 9 h » (on the hour), or 17:58."""
    local = _local(moment)
    return _clock(local.hour, local.minute)


def clock_of(text: str) -> str:
    """« 08:30 » as the configuration writes it, as people do: « 8 h 30 »."""
    hour, minute = text.split(":")
    return _clock(int(hour), int(minute))


def _clock(hour: int, minute: int) -> str:
    if not is_french():
        return f"{hour}:{minute:02}"
    return f"{hour}{_NB}h{_NB}{minute:02}" if minute else f"{hour}{_NB}h"


def weekday(index: int) -> str:
    """« lundi » for 0."""
    return (_DAYS_FR if is_french() else _DAYS_EN)[index]


def day(moment: datetime, *, weekday: bool = True, year: bool = True) -> str:
    """« lundi 5 juin 2023 », « 1er mai », or Monday 5 June 2023."""
    local = _local(moment)
    days, months = (_DAYS_FR, _MONTHS_FR) if is_french() else (_DAYS_EN, _MONTHS_EN)
    number = "1er" if local.day == 1 and is_french() else str(local.day)
    parts = [f"{number}{_NB}{months[local.month - 1]}"]
    if weekday:
        parts.insert(0, days[local.weekday()])
    if year:
        parts.append(str(local.year))
    return " ".join(parts)


def exact(moment: datetime) -> str:
    """« lundi 5 juin 2023 à 17 h 58 »."""
    joint = "à" if is_french() else "at"
    return f"{day(moment)} {joint} {clock(moment)}"


def relative(moment: datetime, now: datetime | None = None) -> str:
    """« il y a 3 min », « dans 2 h », « hier à 17 h 58 », « mardi à 9 h », « 5 juin », « 5 juin 2023 »."""
    now = now or timezone.now()
    seconds = (now - moment).total_seconds()
    distance = abs(seconds)
    french = is_french()
    if distance < _MINUTE:
        return "à l’instant" if french else "just now"
    local, local_now = _local(moment), _local(now)
    same_day = local.date() == local_now.date()
    if distance < _HOUR or same_day:
        count, unit = (int(distance // _MINUTE), "min") if distance < _HOUR else (int(distance // _HOUR), "h")
        amount = f"{count}{_NB}{unit}"
        if french:
            return f"il y a {amount}" if seconds > 0 else f"dans {amount}"
        return f"{amount} ago" if seconds > 0 else f"in {amount}"
    return _by_day(local, local_now, french=french)


def _by_day(local: datetime, local_now: datetime, *, french: bool) -> str:
    joint = "à" if french else "at"
    days = (local_now.date() - local.date()).days
    near = {1: ("hier", "yesterday"), -1: ("demain", "tomorrow")}.get(days)
    if near:
        return f"{near[0] if french else near[1]} {joint} {clock(local)}"
    if timedelta(0) < local_now - local < timedelta(days=6):
        name = (_DAYS_FR if french else _DAYS_EN)[local.weekday()]
        return f"{name} {joint} {clock(local)}"
    return day(local, weekday=False, year=local.year != local_now.year)


def duration(minutes: int) -> str:
    """« 45 min », « 1 h 05 », « 3 h »; in English 1 h 05 min."""
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return f"{rest}{_NB}min"
    if rest == 0:
        return f"{hours}{_NB}h"
    return f"{hours}{_NB}h{_NB}{rest:02}" if is_french() else f"{hours}{_NB}h{_NB}{rest:02}{_NB}min"
