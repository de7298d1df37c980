from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "vigie.notifications"
    label = "notifications"

    def ready(self) -> None:
        # Models must be loaded first.
        from vigie.notifications import digests, kinds, personal_data  # noqa: PLC0415

        kinds.register(
            "account",
            kinds.EventKind(
                label=_("Sécurité de mon compte"),
                help=_(
                    "Codes, nouvel appareil, changement de mot de passe ou de facteur : toujours envoyés, aussitôt, pour vous protéger."
                ),
            ),
        )
        kinds.register(
            "invitation",
            kinds.EventKind(
                label=_("Invitations"),
                help=_("Une invitation à rejoindre un site et ses trois rappels sont toujours envoyés."),
            ),
        )
        digests.register_unsubscribing()
        personal_data.register()
