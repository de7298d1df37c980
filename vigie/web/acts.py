"""The sentences of the administrative acts that pages composed of several domains record (PLA-42)."""

from django.utils.translation import gettext_lazy as _

from vigie.audit.acts import declare

declare("account", _("Mon compte"), {"account.data_exported": _("%(actor)s a téléchargé ses données.")})
