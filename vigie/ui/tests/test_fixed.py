"""Remembered tags say what Django's say, in each language, and stay apart from texts that vary."""

import pytest
from django.template import Context, Template
from django.utils import translation
from django.utils.translation import trans_real

from vigie.ui.templatetags import fixed


def rendered(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


def test_a_fixed_text_follows_the_language_of_each_reader() -> None:
    page = Template('{% translate "Statut" %}')
    with translation.override("fr"):
        assert page.render(Context()) == "Statut"
    with translation.override("en"):
        english = page.render(Context())
    with translation.override("fr"):
        assert page.render(Context()) == "Statut"
    assert english == trans_real.translation("en").gettext("Statut")


def test_a_fixed_text_can_be_kept_in_a_variable() -> None:
    assert rendered('{% translate "Statut" as label %}[{{ label }}]') == "[Statut]"


def test_a_text_that_varies_is_never_remembered() -> None:
    page = Template("{% translate word %}")
    assert page.render(Context({"word": "un"})) == "un"
    assert page.render(Context({"word": "<b>"})) == "&lt;b&gt;"


def test_what_is_remembered_is_a_literal_alone() -> None:
    kinds = {
        '{% translate "Statut" %}': fixed.FixedTranslation,
        '{% icon "x" %}': fixed.FixedTag,
        "{% mark %}": fixed.FixedTag,
    }
    for source, kind in kinds.items():
        assert isinstance(Template(source).nodelist[0], kind), source
    for source in ('{% translate "Statut" context "titre" %}', "{% icon name %}", '{% icon "x" label=name %}', '{% icon "x" as drawn %}'):
        assert not isinstance(Template(source).nodelist[0], fixed.FixedTranslation | fixed.FixedTag), source


@pytest.mark.parametrize("source", ['{% icon "x" %}', '{% icon "search" size="small" %}', "{% mark %}"])
def test_a_fixed_drawing_is_not_escaped(source: str) -> None:
    assert rendered(source).startswith("<svg")
    assert rendered(source) == rendered(source)
