"""Migration operations for row-level security (PLA-41): the second wall behind the scoped querysets.

Every tenant table is ENABLEd and FORCEd, so that even the owner of the tables sees nothing without a scope.
Policies read the transaction's scope through the functions made by `SCOPE_FUNCTIONS`.
"""

from django.db.migrations.operations import RunSQL

SCOPE_FUNCTIONS = """
CREATE FUNCTION scope_user() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT NULLIF(current_setting('vigie.user', true), '')::uuid $$;
CREATE FUNCTION scope_ids(kind text) RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT string_to_array(NULLIF(current_setting('vigie.' || kind, true), ''), ',')::uuid[] $$;
CREATE FUNCTION scope_platform() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT COALESCE(current_setting('vigie.platform', true), '') = 'on' $$;
"""
DROP_SCOPE_FUNCTIONS = """
DROP FUNCTION scope_platform();
DROP FUNCTION scope_ids(text);
DROP FUNCTION scope_user();
"""

# Each look-up is a sub-query, so that PostgreSQL evaluates it once a statement and can use it in an index scan.
PLATFORM = "(SELECT scope_platform())"


def is_user(column: str) -> str:
    """Return the condition « this column names the person who asks »."""
    return f"{column} = (SELECT scope_user())"


def within(column: str, kind: str) -> str:
    """Return the condition « this column is one of the scope's sites, desks or reach »."""
    return f"{column} = ANY ((SELECT scope_ids('{kind}'))::uuid[])"


def either(*conditions: str) -> str:
    """Return the disjunction of conditions."""
    return "(" + " OR ".join(conditions) + ")"


def protect(table: str, *, using: str, check: str | None = None) -> RunSQL:
    """Force row-level security on a table: rows seen satisfy `using`, rows written satisfy `check` (default: same)."""
    return RunSQL(
        sql=(
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY tenancy ON {table} USING ({using}) WITH CHECK ({check or using});"
        ),
        reverse_sql=(
            f"DROP POLICY tenancy ON {table};"
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
        ),
    )


def permit(table: str, policy: str, command: str, *, using: str = "", check: str = "") -> RunSQL:
    """Add a policy for one command (SELECT, INSERT, UPDATE, DELETE) to those of a protected table: PostgreSQL joins them by OR."""
    return RunSQL(
        sql=f"CREATE POLICY {policy} ON {table} FOR {command}"
        + (f" USING ({using})" if using else "")
        + (f" WITH CHECK ({check})" if check else ""),
        reverse_sql=f"DROP POLICY {policy} ON {table}",
    )


def definer(name: str, arguments: str, returns: str, body: str, *, language: str = "plpgsql") -> RunSQL:
    """Create a SECURITY DEFINER function that sees every row: it must apply its own restriction.

    It belongs to the maintenance role (FORCE binds the owner of the tables too) and has a fixed search path.
    """
    types = ", ".join(argument.split()[1] for argument in arguments.split(",") if argument.strip())
    return RunSQL(
        sql=(
            f"CREATE FUNCTION {name}({arguments}) RETURNS {returns} LANGUAGE {language} SECURITY DEFINER"
            f" SET search_path = pg_catalog, public, pg_temp AS $body$ {body} $body$;"
            f"ALTER FUNCTION {name}({types}) OWNER TO vigie_maintenance;"
        ),
        reverse_sql=f"DROP FUNCTION {name}({types});",
    )
