"""Row-level security stands on every table, or the table says why it needs none (PLA-41)."""

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db

WITHOUT_TENANT = {
    "django_migrations": "which migrations ran",
    "django_content_type": "names of models",
    "auth_group": "unused: rights are cells of our own matrix",
    "auth_group_permissions": "unused",
    "auth_permission": "names of models",
    "directory_rightscell": "the matrix of rights, the same for all; the application may only read it",
    "sealing_installation": "the identifier of this installation, the same for all; the application may only read it",
    "pghistory_context": "unused: each history row carries its own context",
    "socialaccount_socialapp": "identity providers, the same for all",
    "usersessions_usersession": "signed-in browsers, in autocommit; shown to their owner only",
    "allauth_idp_oidc_token": "tokens of other applications, found by the fingerprint of an unguessable value, as sessions are",
    "django_session": "signed-in browsers, found by an unguessable key, in autocommit",
    "foundation_cacheentry": "rate limits and short-lived values, in autocommit",
}
# The queue holds identifiers, never contents; its workers serve every tenant.
QUEUE = "procrastinate_"


def test_every_table_is_protected_or_says_why_not() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relrowsecurity AND relforcerowsecurity"
            " AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid)"
            " FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        )
        protected = dict(cursor.fetchall())
    open_tables = {table for table, is_protected in protected.items() if not is_protected and not table.startswith(QUEUE)}
    assert sorted(open_tables) == sorted(WITHOUT_TENANT)


def test_no_view_shows_what_its_tables_hide() -> None:
    # A view runs with the rights of its owner unless it says `security_invoker`.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')"
            " AND NOT COALESCE('security_invoker=true' = ANY (reloptions), false) AND relname NOT LIKE 'pg\\_%%'"
        )
        assert cursor.fetchall() == []


def test_functions_that_see_every_row_have_a_fixed_search_path() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, pg_get_userbyid(proowner), COALESCE(array_to_string(proconfig, ','), '') FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace AND prosecdef"
        )
        functions = cursor.fetchall()
    assert functions
    loose = [name for name, _owner, settings in functions if "search_path=pg_catalog, public, pg_temp" not in settings]
    assert not loose
    # FORCE binds the owner of the tables too: only the maintenance role sees beyond a scope.
    assert {owner for _name, owner, _settings in functions} == {"vigie_maintenance"}


def test_the_application_owns_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = 'vigie_app' AND relpersistence = 'p'")
        assert cursor.fetchone() == (0,)


def test_without_a_scope_every_protected_table_reads_as_empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relforcerowsecurity"
        )
        tables = [name for (name,) in cursor.fetchall()]
        # The matrix of rights and the terms of use are the same for all, and everybody must be able to read them; so are
        # the applications that the protocol knows, and the keys that sign for them, which only the platform writes.
        for_all = {"directory_rightscell", "accounts_termsofuse", "allauth_idp_oidc_client", "applications_signingkey"}
        for table in sorted(set(tables) - for_all):
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            assert cursor.fetchone() == (0,), table
