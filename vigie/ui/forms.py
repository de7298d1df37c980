"""Forms drawn by the kit: every field, ours or a library's, goes through the templates of this app."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import get_language

from vigie.ui import drawing

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

_MOST_KEPT = 256


class KitRenderer(TemplatesSetting):
    """`{{ form }}`, `{{ field.as_field_group }}` and each widget: drawn by `drawing`, or from vigie/ui/templates."""

    form_template_name = "ui/form.html"
    field_template_name = drawing.FIELD

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[tuple[str | None, str], str] = {}

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        made = drawing.drawn(template_name, context)
        if made is not None:
            return made
        if template_name == FileDrop.template_name:
            return self._kept_file_drop(context)
        return super().render(template_name, context, request)

    def _kept_file_drop(self, context: dict[str, Any]) -> str:
        """Draw the file drop once: it never shows what was given, so that few differ, and it holds many texts."""
        key = get_language(), repr(context["widget"])
        if key not in self._kept:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = super().render(FileDrop.template_name, context)
        return self._kept[key]


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice that explains itself: the label of `ChoiceCards` options."""

    label: str | Promise
    description: str | Promise = ""
    tone: str = ""
    """A priority's tone: shows its badge instead of the plain label."""

    def __str__(self) -> str:
        return str(self.label)


class ChoiceCards(forms.RadioSelect):
    """One card a choice, with its description under it. Choices are pairs of value and `Choice`, or plain text."""

    template_name = "ui/choice_cards.html"


class FileDrop(forms.FileInput):
    """Several files by chooser, drag and drop, or paste; works without JavaScript as a plain chooser."""

    template_name = "ui/file_drop.html"
    allow_multiple_selected = True

    def __init__(
        self,
        *,
        extensions: Sequence[str] = (),
        max_bytes: int = 0,
        max_files: int = 0,
        attrs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__({"multiple": True, **(attrs or {})})
        self.extensions = tuple(extensions)
        self.max_bytes = max_bytes
        self.max_files = max_files

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"] |= {
            "extensions": self.extensions,
            "accept": ",".join(f".{extension}" for extension in self.extensions),
            "max_bytes": self.max_bytes,
            "max_files": self.max_files,
        }
        return context


class FilesField(forms.FileField):
    """Zero or more files. Content is judged by those who store it, not here."""

    widget = FileDrop

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        given = list(data) if isinstance(data, (list, tuple)) else [data]
        files = [file for file in given if file]
        if not files:
            super().clean(None, initial)  # raises when required
            return []
        return [super(FilesField, self).clean(file, initial) for file in files]
