"""The way to ask for what only the operator does, wherever a page says so."""

from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from vigie.directory.access import actor_of
from vigie.directory.models import Membership
from vigie.directory.operator_requests import Wish, way_to_ask

register = template.Library()

_LABELS = {
    Wish.ADDRESS: _("Demander ce changement"),
    Wish.ADMINISTRATOR: _("Demander à l’opérateur"),
    Wish.NETWORK: _("Demander une plage d’adresses"),
}


@register.inclusion_tag("directory/_ask_operator.html", takes_context=True)
def ask_operator(context: template.RequestContext, wish: str, member: Membership | None = None) -> dict[str, Any]:
    """A link to a request that is filled in, or whom to call; nothing for operators. `{% ask_operator "adresse" member %}`."""
    actor = actor_of(context.request)
    return {"way": way_to_ask(actor, Wish(wish), member) if actor is not None else None, "label": _LABELS[Wish(wish)]}
