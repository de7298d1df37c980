"""What is drawn in Python escapes as templates do, and says the same to assistive technologies."""

import pytest
from django import forms
from django.utils.safestring import SafeString

ATTACK = '"><script>alert(1)</script>'


class Survey(forms.Form):
    name = forms.CharField(label=ATTACK, help_text=ATTACK, initial=ATTACK, max_length=200)
    comment = forms.CharField(widget=forms.Textarea(attrs={"class": ATTACK, "rows": 3}), required=False, initial=ATTACK)
    color = forms.ChoiceField(choices=[(ATTACK, ATTACK), ("Groupe " + ATTACK, [("b", "Bleu")])], initial="b")
    agreed = forms.BooleanField(label=SafeString("J’accepte <b>tout</b>"))
    secret = forms.CharField(widget=forms.HiddenInput, initial=ATTACK)


@pytest.mark.parametrize("name", ["name", "comment", "color", "agreed"])
def test_nothing_typed_becomes_markup(name: str) -> None:
    assert "<script" not in Survey()[name].as_field_group()
    assert "<script" not in Survey({"name": ATTACK, "color": ATTACK})[name].as_field_group()


def test_a_hidden_value_is_escaped() -> None:
    assert str(Survey()["secret"]) == (
        '<input type="hidden" name="secret" value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;" id="id_secret">'
    )


def test_markup_of_ours_stays_markup() -> None:
    assert "J’accepte <b>tout</b>" in Survey()["agreed"].as_field_group()


def test_an_error_is_tied_to_its_field() -> None:
    group = Survey({})["name"].as_field_group()
    assert 'aria-invalid="true"' in group
    assert 'aria-describedby="id_name_helptext id_name_error"' in group
    assert 'id="id_name_error"' in group


def test_the_chosen_option_is_selected_and_groups_are_kept() -> None:
    drawn = str(Survey()["color"])
    assert '<option value="b" selected>Bleu</option></optgroup>' in drawn


def test_what_may_be_left_out_says_so() -> None:
    assert "form-optional" in Survey()["comment"].as_field_group()
    assert "form-optional" not in Survey()["color"].as_field_group()


def test_a_text_area_keeps_its_first_line_break() -> None:
    form = Survey({"comment": "\nbonjour"})
    assert ">\n\nbonjour</textarea>" in str(form["comment"])
