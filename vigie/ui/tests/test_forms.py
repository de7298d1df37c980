"""Forms, drawn by the kit."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.utils.datastructures import MultiValueDict

from vigie.ui.forms import Choice, ChoiceCards, FileDrop, FilesField


class Declaration(forms.Form):
    subject = forms.CharField(label="Objet", help_text="Une phrase.", max_length=5)
    priority = forms.ChoiceField(label="Priorité", widget=ChoiceCards, choices=[("1", Choice("Bloquant", "Tout est arrêté.", "critical"))])
    follow = forms.BooleanField(label="M’informer", required=False)
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)
    files = FilesField(  # type: ignore[assignment]  # the stubs take the name for the form's own files
        label="Fichiers", required=False, widget=FileDrop(extensions=("png",), max_bytes=1024, max_files=2)
    )


def test_a_field_is_tied_to_its_label_its_help_and_its_errors() -> None:
    html = str(Declaration({"subject": "trop long"})["subject"].as_field_group())
    assert '<label class="form-label" for="id_subject">Objet' in html
    assert 'aria-describedby="id_subject_helptext id_subject_error"' in html
    assert 'aria-invalid="true"' in html
    assert '<div class="form-hint" id="id_subject_helptext">Une phrase.</div>' in html
    assert '<div id="id_subject_error">' in html


def test_what_may_be_left_out_says_so() -> None:
    form = Declaration()
    assert "(facultatif)" in str(form["note"].as_field_group())
    assert "(facultatif)" not in str(form["subject"].as_field_group())


def test_choices_explain_themselves() -> None:
    html = str(Declaration()["priority"].as_field_group())
    assert "<fieldset" in html
    assert "<legend>Priorité" in html
    assert "priority-critical" in html
    assert "Tout est arrêté." in html


def test_the_summary_of_errors_leads_to_each_field() -> None:
    html = str(Declaration({"subject": ""}))
    assert "data-error-summary" in html
    assert '<a href="#id_subject">Objet</a>' in html
    assert "data-error-summary" not in str(Declaration())


def test_texts_come_back_escaped() -> None:
    assert "<script>" not in str(Declaration({"subject": "<script>", "note": "</textarea><script>"}))


def test_several_files_are_given_back_in_order() -> None:
    given: list[UploadedFile[Any]] = [SimpleUploadedFile(name, b"content") for name in ("a.png", "b.png")]
    form = Declaration({"subject": "abc", "priority": "1"}, MultiValueDict({"files": given}))
    assert form.is_valid(), form.errors
    assert [file.name for file in form.cleaned_data["files"]] == ["a.png", "b.png"]


def test_no_file_is_an_empty_list_and_an_empty_file_is_refused() -> None:
    assert Declaration({"subject": "abc", "priority": "1"}).fields["files"].clean([]) == []
    form = Declaration({"subject": "abc", "priority": "1"}, MultiValueDict({"files": [SimpleUploadedFile("a.png", b"")]}))
    assert "files" in form.errors


def test_files_can_be_chosen_without_javascript() -> None:
    html = str(Declaration()["files"])
    assert 'type="file"' in html
    assert "multiple" in html
    assert 'accept=".png"' in html
