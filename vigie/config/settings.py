"""Django's settings, for every process and mode, derived from the checked environment (see `environment`)."""

import os
from pathlib import Path
from typing import Any

import pghistory

from vigie.config.environment import Mode, django_database, read_environment
from vigie.foundation import logging as foundation_logging
from vigie.ui import csp

ENVIRONMENT = read_environment(os.environ)
PACKAGE = Path(__file__).resolve().parents[1]

# --- What this instance is -------------------------------------------------------------------------------------------
VIGIE_BASE_URL = ENVIRONMENT.base_url
VIGIE_DEVELOPMENT_PAGES = ENVIRONMENT.mode is not Mode.PRODUCTION
VIGIE_DEMONSTRATION = ENVIRONMENT.mode is Mode.DEMO
VIGIE_FILES_FOLDER = ENVIRONMENT.files_folder
VIGIE_MAIL_FOLDER = ENVIRONMENT.mail_folder
VIGIE_CLAMAV_URL = ENVIRONMENT.clamav_url
VIGIE_SCOPE_RESOLVER = "vigie.directory.entry.enter_request"
VIGIE_DIRECT_DATABASE_URL = ENVIRONMENT.direct_database_url

DEBUG = False
SECRET_KEY = ENVIRONMENT.secret_key
ALLOWED_HOSTS = [ENVIRONMENT.host_name]
if ENVIRONMENT.mode is not Mode.PRODUCTION:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]", "testserver"]
ROOT_URLCONF = "vigie.config.urls"
WSGI_APPLICATION = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "vigie.foundation",
    "vigie.ui",
    "vigie.audit",
    "vigie.accounts",
    "vigie.errands",
    "vigie.directory",
    "vigie.notifications",
    "vigie.sealing",
    "vigie.applications",
    "vigie.patients",
    "vigie.attachments",
    "vigie.incidents",
    "vigie.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "allauth.idp.oidc",
    "csp",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "vigie.foundation.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "vigie.foundation.scope.ScopeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "vigie.accounts.middleware.PreferencesMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "vigie.accounts.middleware.SessionMiddleware",
    "vigie.accounts.middleware.SecondFactorMiddleware",
    "vigie.accounts.terms.TermsMiddleware",
    "vigie.audit.middleware.AuditContextMiddleware",
    "vigie.web.middleware.DomainErrorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "vigie.ui.middleware.PageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": False,
        "OPTIONS": {
            "loaders": [
                ("django.template.loaders.cached.Loader", ["django.template.loaders.app_directories.Loader"]),
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "vigie.web.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "vigie.ui.templatetags.ui", "vigie.ui.templatetags.fixed"],
        },
    },
]
FORM_RENDERER = "vigie.ui.forms.KitRenderer"

# --- Data ------------------------------------------------------------------------------------------------------------
_APPLICATION = django_database(ENVIRONMENT.database_url)
# Plans are kept: behind row-level security, planning a list costs ten times its execution.
_APPLICATION["OPTIONS"] |= {"server_side_binding": True, "prepare_threshold": 3}
_POOL: dict[str, Any] = {
    "ENGINE": "vigie.foundation.postgres",
    "CONN_MAX_AGE": 600,
    "CONN_HEALTH_CHECKS": True,
    "DISABLE_SERVER_SIDE_CURSORS": True,
}
DATABASES: dict[str, dict[str, Any]] = {
    # One transaction a request, under row-level security.
    "default": _APPLICATION | _POOL,
    # The same role in autocommit, for sessions, cache and rate limits.
    "side": _APPLICATION | _POOL,
}
for _alias, _address in (
    ("owner", ENVIRONMENT.owner_database_url),
    ("maintenance", ENVIRONMENT.maintenance_database_url),
):
    if _address:
        DATABASES[_alias] = django_database(_address)
DATABASE_ROUTERS = ["vigie.foundation.router.SideRouter"]
CACHES = {"default": {"BACKEND": "vigie.foundation.cache.PostgresCache", "LOCATION": "foundation_cacheentry"}}

PGHISTORY_APPEND_ONLY = True
PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField()
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(db_constraint=False, null=True)
PGHISTORY_FIELD = pghistory.Field(null=True)

# --- Signing in ------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["vigie.accounts.authentication.SignInBackend"]
PASSWORD_HASHERS = ["vigie.accounts.passwords.Argon2idHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "vigie.accounts.passwords.BreachValidator"},
    {"NAME": "vigie.accounts.passwords.EntropyValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

SESSION_ENGINE = "vigie.accounts.session_store"
SESSION_COOKIE_AGE = 12 * 3600
VIGIE_SESSION_IDLE_SECONDS = 2 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.is_https
# The prefix makes browsers refuse the cookie from elsewhere; it asks for TLS, which the demonstration has not.
_PREFIX = "__Host-" if ENVIRONMENT.is_https else ""
SESSION_COOKIE_NAME = f"{_PREFIX}vigie-session-{ENVIRONMENT.instance}"
CSRF_COOKIE_NAME = f"{_PREFIX}vigie-csrf-{ENVIRONMENT.instance}"
LANGUAGE_COOKIE_NAME = f"{_PREFIX}vigie-language-{ENVIRONMENT.instance}"
LANGUAGE_COOKIE_SECURE = ENVIRONMENT.is_https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "vigie.web.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [ENVIRONMENT.base_url]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

VIGIE_MAILER = "vigie.notifications.actions.send_account_mail"
VIGIE_GUEST_MAILER = "vigie.notifications.actions.send_guest_mail"

ACCOUNT_ADAPTER = "vigie.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Addresses are given by administrators, never typed by their owners: there is nothing to verify (ACC-15).
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_PASSWORD_RESET_BY_CODE_CODE_FORMAT = {"numeric": True, "length": 8}
ACCOUNT_LOGIN_BY_CODE_ENABLED = False  # A code is a second factor, never the first (`AccountAdapter`).
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 8}
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_TIMEOUT = 15 * 60
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # The other sessions end (`actions.choose_password`).
# By account first: a whole hospital is one address.
ACCOUNT_RATE_LIMITS = {
    "login": "600/m/ip",
    "login_failed": "200/m/ip,5/300s/key",
    "login_code": "8/h/key",
    "code_guess": "30/h/key",
    "reset_password": "100/m/ip,5/h/key",
    "reset_password_from_key": "200/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
ACCOUNT_FORMS = {
    "login": "vigie.accounts.forms.LoginForm",
    "reauthenticate": "vigie.accounts.forms.ReauthenticateForm",
    "change_password": "vigie.accounts.forms.ChangePasswordForm",
    "set_password": "vigie.accounts.forms.SetPasswordForm",
    "reset_password": "vigie.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "vigie.accounts.forms.NewPasswordForm",
    "confirm_password_reset_code": "vigie.accounts.forms.ConfirmResetCodeForm",
    "confirm_login_code": "vigie.accounts.forms.ConfirmLoginCodeForm",
}
ALLAUTH_TRUSTED_PROXY_COUNT = ENVIRONMENT.trusted_proxies
MFA_ADAPTER = "vigie.accounts.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "vigie.accounts.forms.FactorCodeForm",
    "reauthenticate": "vigie.accounts.forms.FactorCodeAgainForm",
    "activate_totp": "vigie.accounts.forms.ActivateTOTPForm",
    "add_webauthn": "vigie.accounts.forms.AddPasskeyForm",
    "edit_webauthn": "vigie.accounts.forms.RenamePasskeyForm",
    "login_webauthn": "vigie.accounts.forms.PasskeySignInForm",
    "authenticate_webauthn": "vigie.accounts.forms.PasskeySecondForm",
    "reauthenticate_webauthn": "vigie.accounts.forms.PasskeyAgainForm",
    "generate_recovery_codes": "vigie.accounts.forms.GenerateRecoveryCodesForm",
}
MFA_RATE_LIMITS = {"webauthn_login": "600/m/ip"}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Vigie"
MFA_TOTP_TOLERANCE = 1  # A clock may be half a minute wrong; a code is accepted once all the same (`FactorCodeForm`).
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not ENVIRONMENT.is_https
USERSESSIONS_TRACK_ACTIVITY = False
VIGIE_OPENID_PROVIDERS = ENVIRONMENT.openid_providers
VIGIE_CLIENT_CERTIFICATES = ENVIRONMENT.client_certificates

# --- Vouching for people to the territory's other applications (docs/adr/0029) ---------------------------------------
IDP_OIDC_ADAPTER = "vigie.applications.provider.Provider"
IDP_OIDC_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]
IDP_OIDC_AUTHORIZATION_CODE_EXPIRES_IN = 60
IDP_OIDC_ID_TOKEN_EXPIRES_IN = IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 5 * 60
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = VIGIE_SESSION_IDLE_SECONDS
IDP_OIDC_ROTATE_REFRESH_TOKEN = True
IDP_OIDC_JWKS_CACHE_CONTROL = 3600

# --- Language and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]  # Compiled by scripts/messages.py.
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"

# --- Files and assets ------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS: list[Path] = []
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# --- Mail ------------------------------------------------------------------------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = ENVIRONMENT.mail_server.host
EMAIL_PORT = ENVIRONMENT.mail_server.port
EMAIL_HOST_USER = ENVIRONMENT.mail_server.username
EMAIL_HOST_PASSWORD = ENVIRONMENT.mail_server.password
EMAIL_USE_SSL = ENVIRONMENT.mail_server.implicit_tls
EMAIL_USE_TLS = ENVIRONMENT.mail_server.starttls
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.mail_from

# --- Headers ---------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = csp.POLICY
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if ENVIRONMENT.is_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENVIRONMENT.is_https
SECURE_SSL_REDIRECT = False
if ENVIRONMENT.trusted_proxies:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

# --- Jobs and logs ---------------------------------------------------------------------------------------------------
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
PROCRASTINATE_ON_APP_READY = None
LOGGING_CONFIG = None
foundation_logging.configure(is_production=ENVIRONMENT.is_production)

SILENCED_SYSTEM_CHECKS = [
    # TLS ends at the reverse proxy, which redirects (docs/guides).
    "security.W008",
]
