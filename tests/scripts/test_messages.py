"""Collecting and compiling the interface's texts."""

import gettext
from pathlib import Path

import pytest

from scripts.catalogues import Message, compile_catalogues, read_catalogue
from scripts.messages import UnreadableMessageError, collect, problems, update
from scripts.typography import corrected


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    templates = tmp_path / "vigie" / "shop" / "templates" / "shop"
    templates.mkdir(parents=True)
    (templates / "page.html").write_text(
        """{% translate "Bonjour" %} {% translate 'Ouvrir' context "porte" as label %}
{% include "x.html" with label=_("Fermer") %}
{% blocktranslate trimmed count n=total %}
    {{ n }} incident
{% plural %}
    {{ n }} incidents
{% endblocktranslate %}
{% blocktranslate %}100 % pour {{ name }}{% endblocktranslate %}
{% comment %}{% translate "Jamais" %}{% endcomment %}""",
        encoding="utf-8",
    )
    (tmp_path / "vigie" / "shop" / "views.py").write_text(
        """from django.utils.translation import gettext_lazy as _, ngettext, pgettext
a = _("Enregistrer " "tout")
b = ngettext("%(n)s ligne", "%(n)s lignes", 2)
c = pgettext("statut", "Nouveau")
""",
        encoding="utf-8",
    )
    return tmp_path


def test_texts_of_templates_and_code_are_collected(checkout: Path) -> None:
    assert set(collect(checkout)) == {
        Message("Bonjour"),
        Message("Ouvrir", context="porte"),
        Message("Fermer"),
        Message("%(n)s incident", plural="%(n)s incidents"),
        Message("100 %% pour %(name)s"),
        Message("Enregistrer tout"),
        Message("%(n)s ligne", plural="%(n)s lignes"),
        Message("Nouveau", context="statut"),
    }


def test_underscore_alone_marks_nothing(checkout: Path) -> None:
    (checkout / "vigie" / "shop" / "other.py").write_text('_ = print\n_("rien")\n', encoding="utf-8")
    assert Message("rien") not in collect(checkout)


def test_text_that_is_computed_is_refused(checkout: Path) -> None:
    (checkout / "vigie" / "shop" / "other.py").write_text(
        'from django.utils.translation import gettext as _\n_(f"rien {1}")\n', encoding="utf-8"
    )
    with pytest.raises(UnreadableMessageError, match=r"other\.py:2"):
        collect(checkout)


def test_update_keeps_translations_and_forgets_vanished_texts(checkout: Path) -> None:
    catalogue = update(checkout)
    catalogue.find("Bonjour").msgstr = "Hello"
    catalogue.save()
    (checkout / "vigie" / "shop" / "views.py").write_text("", encoding="utf-8")
    update(checkout)
    known = read_catalogue(checkout)
    assert known[Message("Bonjour")].msgstr == "Hello"
    assert Message("Enregistrer tout") not in known


def test_what_is_missing_is_told(checkout: Path) -> None:
    update(checkout)
    assert any("not translated: 'Bonjour'" in problem for problem in problems(checkout))
    (checkout / "vigie" / "shop" / "new.py").write_text('from django.utils.translation import gettext as _\n_("Neuf")\n', encoding="utf-8")
    assert any("not in" in problem and "Neuf" in problem for problem in problems(checkout))


def test_french_zero_is_singular_once_compiled(checkout: Path) -> None:
    catalogue = update(checkout)
    entry = catalogue.find("%(n)s incident")
    entry.msgstr_plural = {0: "%(n)s incident", 1: "%(n)s incidents"}
    catalogue.save()
    compiled = {path.parts[-3]: path for path in compile_catalogues(checkout)}
    for language, expected in (("fr", "%(n)s incident"), ("en", "%(n)s incidents")):
        with compiled[language].open("rb") as file:
            assert gettext.GNUTranslations(file).ngettext("%(n)s incident", "%(n)s incidents", 0) == expected


@pytest.mark.parametrize(
    ("typed", "set_well"),
    [
        ("Êtes-vous sûr ?", "Êtes-vous sûr\u202f?"),
        ("Statut : « Nouveau »", "Statut\u00a0: «\u00a0Nouveau\u00a0»"),
        ("l'incident", "l’incident"),
        ("Chargement...", "Chargement…"),
        ('<a href="/x?a=b : c" title="l\'aide">aide</a>', '<a href="/x?a=b : c" title="l\'aide">aide</a>'),
        ("{{ n : 'a'b }} !", "{{ n : 'a'b }}\u202f!"),
        ("20 %% de %(total)s", "20\u00a0%% de %(total)s"),
    ],
)
def test_french_typography_is_set(typed: str, set_well: str) -> None:
    assert corrected(typed) == set_well
