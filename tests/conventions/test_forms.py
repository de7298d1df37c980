"""Every form that changes something carries the token that proves it came from our page."""

import re
from collections.abc import Iterator

import pytest

from tests.conventions.project import ROOT

FORM = re.compile(r"<form\b(?P<attributes>[^>]*)>(?P<content>.*?)</form>", re.DOTALL)


def _sending_forms() -> Iterator[tuple[str, str]]:
    for template in sorted((ROOT / "vigie").glob("*/templates/**/*.html")):
        for form in FORM.finditer(template.read_text(encoding="utf-8")):
            if re.search(r"""method=["']?post""", form["attributes"], re.IGNORECASE):
                yield f"{template.relative_to(ROOT)}: <form{form['attributes']}>", form["content"]


@pytest.mark.parametrize(("form", "content"), [pytest.param(form, content, id=form) for form, content in _sending_forms()])
def test_form_that_is_posted_carries_the_csrf_token(form: str, content: str) -> None:
    assert "{% csrf_token %}" in content, form
