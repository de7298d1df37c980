"""Template tags whose result depends on the language alone, or on nothing: made once, then remembered by their node.

A page says some fifty fixed texts and shows thirty fixed icons; making each again was a tenth of its cost. The tags keep their names
and their meaning: `translate` is Django's, `icon` and `mark` are the kit's.
"""

from collections.abc import Callable
from typing import Any

from django import template
from django.template.base import FilterExpression, Node, Parser, Token, Variable
from django.templatetags.i18n import TranslateNode, do_translate
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from vigie.ui.templatetags import ui

register = template.Library()


class FixedTranslation(Node):
    """A `{% translate "…" %}` of a literal text."""

    child_nodelists = ()

    def __init__(self, node: TranslateNode, name: str | None) -> None:
        self.node = node
        self.name = name
        self.texts: dict[str | None, str] = {}

    def render(self, context: template.Context) -> str:
        language = get_language()
        text = self.texts.get(language)
        if text is None:
            text = self.texts[language] = self.node.render(context)
        if self.name is None:
            return text
        context[self.name] = text
        return ""


class FixedTag(Node):
    """A tag all of whose arguments are literals, and whose result never changes."""

    child_nodelists = ()

    def __init__(self, node: Node) -> None:
        self.node = node
        self.text: SafeString | None = None

    def render(self, context: template.Context) -> SafeString:
        if self.text is None:
            self.text = SafeString(self.node.render(context))
        return self.text


@register.tag("translate")
def translate(parser: Parser, token: Token) -> Node:
    node = do_translate(parser, token)
    expression = node.filter_expression
    literal = isinstance(expression.var, Variable) and expression.var.lookups is None and not expression.filters
    if not literal or node.noop or node.message_context is not None:
        return node
    name, node.asvar = node.asvar, None
    return FixedTranslation(node, name)


def _fixed(name: str) -> Callable[[Parser, Token], Node]:
    compiled: Callable[[Parser, Token], Any] = ui.register.tags[name]

    def compile_tag(parser: Parser, token: Token) -> Node:
        node = compiled(parser, token)
        arguments: list[FilterExpression] = [*node.args, *node.kwargs.values()]
        if node.target_var is not None or any(argument.is_var or argument.filters for argument in arguments):
            return node  # type: ignore[no-any-return]
        return FixedTag(node)

    return compile_tag


register.tag("icon", _fixed("icon"))
register.tag("mark", _fixed("mark"))
