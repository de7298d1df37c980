"""Addresses of sign-in and of one's own account: allauth's views under French addresses, without its sign-up, and ours."""

from allauth.account import views as account
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.conf import settings
from django.urls import include, path

from vigie.accounts import views
from vigie.accounts.openid import certificate_views as certificates
from vigie.accounts.openid import views as openid
from vigie.accounts.strength import strong_session

own = [
    path("", views.home, name="home"),
    path("connexion/impossible/", views.mailbox_alone, name="mailbox_alone"),
    path("connexion/renforcer/", views.stronger, name="stronger"),
    path("conditions/", views.accept_terms, name="terms"),
    path("securite/", views.security, name="security"),
    path("securite/facteurs/<int:pk>/renommer/", views.rename_factor, name="rename_factor"),
    path("securite/plages/<uuid:pk>/renommer/", views.rename_network, name="rename_network"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/fermer/", views.end_session, name="end_session"),
    path("sessions/fermer-les-autres/", views.end_other_sessions, name="end_other_sessions"),
    path("profil/", views.profile, name="profile"),
    path("parametres/", views.preferences, name="preferences"),
    path("langue/", views.switch_language, name="language"),
    path("apparence/", views.switch_theme, name="theme"),
]
if settings.VIGIE_DEMONSTRATION:
    own.append(path("demonstration/code/", views.demonstration_code, name="demonstration_code"))

# Names without namespace are those that allauth asks for.
urlpatterns = [
    # Signing in and out
    path("connexion/", views.login, name="account_login"),
    path("connexion/code/", account.confirm_login_code, name="account_confirm_login_code"),
    path("connexion/facteur/", factor.authenticate, name="mfa_authenticate"),
    path("connexion/cle/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("connexion/desactive/", account.account_inactive, name="account_inactive"),
    path("deconnexion/", account.logout, name="account_logout"),
    path("connexion/fournisseur/<slug:name>/", openid.sign_in, name="openid_sign_in"),
    path("connexion/fournisseur/<slug:name>/retour/", openid.callback, name="openid_callback"),
    path("connexion/certificat/", certificates.sign_in, name="certificate_sign_in"),
    # The same person again
    path("confirmer/", account.reauthenticate, name="account_reauthenticate"),
    path("confirmer/facteur/", factor.reauthenticate, name="mfa_reauthenticate"),
    path("confirmer/cle/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    # Password
    path("mot-de-passe/", account.password_change, name="account_change_password"),
    path("mot-de-passe/choisir/", account.password_set, name="account_set_password"),
    path("mot-de-passe/oublie/", account.password_reset, name="account_reset_password"),
    path("mot-de-passe/oublie/code/", account.confirm_password_reset_code, name="account_confirm_password_reset_code"),
    path("mot-de-passe/oublie/nouveau/", account.complete_password_reset, name="account_complete_password_reset"),
    path("mot-de-passe/oublie/fait/", account.password_reset_from_key_done, name="account_password_reset_completed"),
    # Factors: what is added or removed here outlives the place where one is
    path("securite/", views.security, name="mfa_index"),
    path("securite/application/", strong_session(totp.activate_totp), name="mfa_activate_totp"),
    path("securite/application/retirer/", strong_session(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("securite/cles/", views.keys, name="mfa_list_webauthn"),
    path("securite/cles/ajouter/", strong_session(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("securite/cles/<int:pk>/renommer/", strong_session(webauthn.edit_webauthn), name="mfa_edit_webauthn"),
    path("securite/cles/<int:pk>/retirer/", strong_session(webauthn.remove_webauthn), name="mfa_remove_webauthn"),
    path("securite/codes-de-secours/", strong_session(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("securite/codes-de-secours/nouveaux/", strong_session(recovery.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("securite/codes-de-secours/fichier/", strong_session(recovery.download_recovery_codes), name="mfa_download_recovery_codes"),
    # Linked identities
    path("securite/identites/certificat/", strong_session(certificates.link_certificate), name="certificate_link"),
    path("securite/identites/<slug:name>/lier/", strong_session(openid.link_identity), name="openid_link"),
    path("securite/identites/<int:pk>/retirer/", strong_session(openid.unlink_identity), name="openid_unlink"),
    path("sessions/", views.sessions, name="usersessions_list"),
    path("", include((own, "accounts"))),
]
