"""One line of JSON an event, on standard output, with the request's identifier and without personal data.

What may be logged: names of events, routes, counts, durations, classes of errors, identifiers of rows. Never a query string, an
address people typed, an e-mail address, a name, a text. Records of libraries pass through the same chain, so that their messages
lose what looks like an e-mail address.
"""

import logging
import logging.config
import re
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_QUERY: Final = re.compile(r"\?[^\s\"']+")
_DETAIL: Final = re.compile(r"(DETAIL|CONTEXT): .*")
"""PostgreSQL quotes the row it refuses."""
_QUIET_LOGGERS: Final = {
    # Answers 404 and 403 are counted by the request log, without their addresses.
    "django.request": "ERROR",
    "django.security.DisallowedHost": "CRITICAL",
    "_granian": "WARNING",
    "granian.access": "CRITICAL",
    "procrastinate": "WARNING",
    "asyncio": "WARNING",
    # At a lower level it writes codes and tokens down.
    "oauthlib": "WARNING",
    "faker": "WARNING",
}


def without_personal_data(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask e-mail addresses, query strings and quoted rows wherever a message or a traceback carries them."""
    for key, value in event.items():
        if isinstance(value, str) and ("@" in value or "?" in value or "DETAIL" in value):
            event[key] = _DETAIL.sub(r"\1: …", _QUERY.sub("?…", _EMAIL.sub("(e-mail)", value)))
    return event


def configure(*, is_production: bool) -> None:
    """Set up structlog and the standard library's logging: JSON in production, readable lines elsewhere."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(allow=[]),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, without_personal_data, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if is_production
        else [without_personal_data, structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": "structlog.stdlib.ProcessorFormatter",
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
                    "foreign_pre_chain": shared,
                },
            },
            "handlers": {
                "console": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "structured"},
            },
            "root": {"handlers": ["console"], "level": "INFO" if is_production else "WARNING"},
            "loggers": {name: {"level": level} for name, level in _QUIET_LOGGERS.items()},
        },
    )
