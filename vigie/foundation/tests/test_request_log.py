"""What the log says of a request, and what it must never say."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from vigie.foundation import logging as foundation_logging
from vigie.foundation.request_log import RequestLogMiddleware


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    foundation_logging.configure(is_production=False)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def answer(request: HttpRequest) -> HttpResponse:
    structlog.get_logger("test").info("inside")
    return HttpResponse("ok")


def test_a_request_is_logged_without_address_or_person(capsys: pytest.CaptureFixture[str]) -> None:
    foundation_logging.configure(is_production=True)
    request = RequestFactory().get("/incidents/INC-2026-000123/?q=jeanne.martin@ch-exemple.fr")
    response = RequestLogMiddleware(answer)(request)
    inside, logged = lines(capsys)
    assert logged["event"] == "request"
    assert logged["status"] == 200
    assert logged["request_id"] == inside["request_id"] == response["X-Request-ID"]
    assert "jeanne" not in json.dumps(logged)
    assert "000123" not in json.dumps(logged)


def test_each_request_has_its_own_identifier(capsys: pytest.CaptureFixture[str]) -> None:
    foundation_logging.configure(is_production=True)
    middleware = RequestLogMiddleware(answer)
    identifiers = {middleware(RequestFactory().get("/"))["X-Request-ID"] for _ in range(3)}
    assert len(identifiers) == 3


def test_health_questions_are_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    foundation_logging.configure(is_production=True)
    RequestLogMiddleware(answer)(RequestFactory().get("/health/live"))
    assert [line["event"] for line in lines(capsys)] == ["inside"]


@pytest.mark.parametrize(
    "text",
    [
        "refused jeanne.martin@ch-exemple.fr",
        "GET /incidents/?q=jeanne failed",
        "IntegrityError: duplicate key\nDETAIL:  Key (subject)=(jeanne est malade) already exists.",
    ],
)
def test_messages_of_libraries_lose_what_people_typed(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    foundation_logging.configure(is_production=True)
    logging.getLogger("some.library").warning(text)
    (line,) = lines(capsys)
    assert "jeanne" not in json.dumps(line)
