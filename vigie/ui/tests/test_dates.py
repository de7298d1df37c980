"""Dates, durations and numbers, as people write them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation

from vigie.ui import dates, numbers

NOW = datetime(2023, 6, 7, 16, 0, tzinfo=UTC)  # 18 h in Paris


def relative(moment: datetime) -> str:
    return dates.relative(moment, NOW).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(seconds=20), "à l’instant"),
        (timedelta(seconds=-20), "à l’instant"),
        (timedelta(minutes=3), "il y a 3 min"),
        (timedelta(minutes=59), "il y a 59 min"),
        (timedelta(hours=5), "il y a 5 h"),
        (timedelta(hours=17), "il y a 17 h"),
        (timedelta(hours=23), "hier à 19 h"),
        (timedelta(days=1, minutes=2), "hier à 17 h 58"),
        (timedelta(days=3), "dimanche à 18 h"),
        (timedelta(days=30), "8 mai"),
        (timedelta(days=37), "1er mai"),
        (timedelta(days=400), "3 mai 2022"),
        (timedelta(minutes=-20), "dans 20 min"),
        (timedelta(hours=-2), "dans 2 h"),
        (timedelta(days=-1), "demain à 18 h"),
        (timedelta(days=-3), "10 juin"),
    ],
)
def test_a_moment_is_told_from_now(age: timedelta, expected: str) -> None:
    assert relative(NOW - age) == expected


def test_the_exact_moment_follows_french_typography() -> None:
    moment = datetime(2023, 6, 5, 15, 58, tzinfo=UTC)
    assert dates.exact(moment) == "lundi 5\u00a0juin 2023 à 17\u00a0h\u00a058"


def test_moments_are_shown_in_the_readers_time_zone() -> None:
    moment = datetime(2023, 6, 5, 22, 30, tzinfo=UTC)
    with timezone.override("America/Martinique"):
        assert dates.clock(moment) == "18\u00a0h\u00a030"
    assert dates.day(moment) == "mardi 6\u00a0juin 2023"


def test_english_readers_get_english_dates() -> None:
    with translation.override("en"):
        assert dates.exact(datetime(2023, 6, 5, 15, 58, tzinfo=UTC)) == "Monday 5\u00a0June 2023 at 17:58"
        assert dates.relative(NOW - timedelta(hours=2), NOW) == "2\u00a0h ago"
        assert dates.relative(NOW + timedelta(minutes=5), NOW) == "in 5\u00a0min"
        assert dates.relative(NOW - timedelta(days=1), NOW) == "yesterday at 18:00"


@pytest.mark.parametrize(("minutes", "expected"), [(45, "45 min"), (60, "1 h"), (65, "1 h 05"), (1500, "25 h")])
def test_durations(minutes: int, expected: str) -> None:
    assert dates.duration(minutes).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [(12, "12 octets"), (331_776, "324 Ko"), (1_468_006, "1,4 Mo"), (10 * 1024 * 1024, "10 Mo"), (3 * 1024**4, "3072 Go")],
)
def test_sizes(size: int, expected: str) -> None:
    assert numbers.readable_size(size).replace("\u00a0", " ") == expected


def test_numbers_are_grouped_by_three() -> None:
    assert numbers.grouped(12480) == "12\u00a0480"
    with translation.override("en"):
        assert numbers.grouped(12480) == "12,480"
