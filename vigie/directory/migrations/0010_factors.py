"""Factors seen from the sites: which range of addresses counts, who holds what kind, who is more than a user elsewhere.

Memberships decide, so these functions stand here, under the names of what they answer about.
"""

from django.db import migrations

from vigie.foundation import rls

# Read in the scope of the person herself: her own ranges and memberships.
NETWORK_AROUND = """
CREATE FUNCTION accounts_network_around(person uuid, address inet, moment timestamptz) RETURNS uuid LANGUAGE sql STABLE AS $body$
    SELECT n.id FROM accounts_trustednetwork n
     WHERE n.user_id = person AND n.expires_at > moment AND address <<= n.network::cidr
       AND NOT EXISTS (SELECT FROM directory_membership m WHERE m.user_id = person AND m.is_active
                          AND m.accepted_at IS NOT NULL AND m.roles && ARRAY['admin', 'operator']::varchar[])
     ORDER BY n.expires_at DESC LIMIT 1
$body$;
"""
# To whoever resets factors at this site by the matrix, and to the platform: members by the kind that they hold, never
# what is in a factor. `weak`: neither an application nor a key.
BY_FACTOR = """
BEGIN
    IF NOT (scope_platform() OR EXISTS (
        SELECT FROM directory_membership m
          JOIN directory_rightscell r ON r.capability = 'factors.reset' AND r.scope = 'site' AND r.role = ANY (m.roles)
         WHERE m.user_id = scope_user() AND m.site_id = at_site AND m.is_active AND m.accepted_at IS NOT NULL)) THEN
        RETURN;
    END IF;
    IF kind = 'weak' THEN
        RETURN QUERY
            SELECT m.id FROM directory_membership m
             WHERE m.site_id = at_site AND m.user_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM mfa_authenticator a WHERE a.user_id = m.user_id AND a.type IN ('totp', 'webauthn'));
    ELSIF kind = 'network' THEN
        RETURN QUERY
            SELECT m.id FROM directory_membership m
             WHERE m.site_id = at_site AND EXISTS (
                SELECT FROM accounts_trustednetwork n WHERE n.user_id = m.user_id AND n.expires_at > moment);
    ELSE
        RETURN QUERY
            SELECT m.id FROM directory_membership m
             WHERE m.site_id = at_site AND EXISTS (
                SELECT FROM mfa_authenticator a WHERE a.user_id = m.user_id AND a.type = kind);
    END IF;
END
"""
# Told to those who share a site with her, one bit: outside of these sites, does she hold more than the role of a user?
MORE_ELSEWHERE = """
    SELECT NOT (scope_platform() OR EXISTS (SELECT FROM directory_membership m
                                             WHERE m.user_id = person AND m.site_id = ANY (scope_ids('sites'))))
        OR EXISTS (SELECT FROM directory_membership m
                    WHERE m.user_id = person AND m.is_active AND m.accepted_at IS NOT NULL AND NOT m.site_id = ANY (sites)
                      AND (NOT m.roles <@ ARRAY['user']::varchar[]
                           OR EXISTS (SELECT FROM directory_habilitation h WHERE h.membership_id = m.id)))
"""


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0009_expired_invitations"),
        ("accounts", "0008_trusted_networks"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]
    operations = [
        migrations.RunSQL(NETWORK_AROUND, "DROP FUNCTION accounts_network_around(uuid, inet, timestamptz)"),
        rls.definer("directory_members_by_factor", "at_site uuid, kind text, moment timestamptz", "SETOF uuid", BY_FACTOR),
        rls.definer("directory_is_more_elsewhere", "person uuid, sites uuid[]", "boolean", MORE_ELSEWHERE, language="sql"),
    ]
