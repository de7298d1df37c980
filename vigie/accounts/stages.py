"""Steps of a sign-in that allauth does not know."""

from allauth.account.stages import LoginStage
from allauth.core.internal.httpkit import headed_redirect_response
from django.http import HttpResponse

from vigie.accounts.factors import can_show_second_factor, may_use_mailbox
from vigie.accounts.models import User


class MailboxAloneStage(LoginStage):
    """Stop whoever has proven her mailbox only: a password chosen by e-mail code, and nothing else to show (ACC-1).

    The page says how to go on: recovery codes are no help here since she has none, an administrator is.
    """

    key = "vigie_mailbox_alone"
    urlname = "accounts:mailbox_alone"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user = self.login.user
        if not isinstance(user, User) or may_use_mailbox(user) or can_show_second_factor(user):
            return None, True
        return headed_redirect_response("accounts:mailbox_alone"), False
