"""The sentences of the administrative acts on desks (PLA-42)."""

from django.utils.translation import gettext_lazy as _

from vigie.audit.acts import declare

declare(
    "desks",
    _("Guichets"),
    {
        "desk.opened": _("%(actor)s a ouvert le guichet %(object)s, avec les priorités « %(item)s »."),
        "desk.settings_changed": _("%(actor)s a modifié les réglages du guichet %(object)s."),
        "desk.hours_changed": _("%(actor)s a modifié les horaires du guichet %(object)s."),
        "desk.team_created": _("%(actor)s a créé le groupe « %(item)s » du guichet %(object)s."),
        "desk.team_changed": _("%(actor)s a modifié le groupe « %(item)s » du guichet %(object)s."),
        "desk.solution_created": _("%(actor)s a ajouté la solution « %(item)s » au guichet %(object)s."),
        "desk.solution_changed": _("%(actor)s a modifié la solution « %(item)s » du guichet %(object)s."),
        "desk.category_created": _("%(actor)s a ajouté la catégorie « %(item)s » au guichet %(object)s."),
        "desk.category_changed": _("%(actor)s a modifié la catégorie « %(item)s » du guichet %(object)s."),
        "desk.priority_created": _("%(actor)s a ajouté la priorité « %(item)s » au guichet %(object)s."),
        "desk.priority_changed": _("%(actor)s a modifié la priorité « %(item)s » du guichet %(object)s."),
        "desk.priority_moved": _("%(actor)s a déplacé la priorité « %(item)s » du guichet %(object)s."),
        "desk.priority_removed": _("%(actor)s a retiré la priorité « %(item)s » du guichet %(object)s."),
    },
)
