"""Steps of a sign-in that allauth does not know."""

from allauth.account.internal.flows.login import record_authentication
from allauth.account.stages import LoginStage
from allauth.core.internal.httpkit import headed_redirect_response
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest, HttpResponse

from vigie.accounts import networks
from vigie.accounts.actions import note_use_of_network
from vigie.accounts.authentication import NETWORK, is_in_network, vouched_for_two_factors
from vigie.accounts.factors import can_show_second_factor, may_use_mailbox
from vigie.accounts.models import User
from vigie.accounts.strength import WITHOUT_NETWORK


class NetworkStage(LoginStage):
    """Note that she is in a trusted range of hers: it is her second factor, unless she asked to show another one."""

    key = "vigie_network"

    def handle(self) -> tuple[None, bool]:
        user = self.login.user
        if isinstance(user, User) and not self.request.session.pop(WITHOUT_NETWORK, False):
            network = networks.network_around(user, networks.client_address(self.request))
            if network is not None:
                record_authentication(self.request, user, NETWORK, id=str(network))
                note_use_of_network(network)
        return None, True


class MailboxAloneStage(LoginStage):
    """Stop whoever has proven her mailbox only: a password chosen by e-mail code, and nothing else to show (ACC-1).

    The page says how to go on: recovery codes are no help here since she has none, an administrator is.
    """

    key = "vigie_mailbox_alone"
    urlname = "accounts:mailbox_alone"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user = self.login.user
        if not isinstance(user, User) or vouched_for_two_factors(self.request, user):
            return None, True
        if may_use_mailbox(user) or can_show_second_factor(user):
            return None, True
        return headed_redirect_response("accounts:mailbox_alone"), False


class FactorStage(AuthenticateStage):
    """allauth's second step, left out for whoever has shown two factors to a provider that says so (ACC-2), or is in a trusted range."""

    def _should_handle(self, request: HttpRequest) -> bool:
        user = self.login.user
        if isinstance(user, User) and (vouched_for_two_factors(request, user) or is_in_network(request, user)):
            return False
        return bool(super()._should_handle(request))
