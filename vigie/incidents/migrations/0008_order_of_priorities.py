"""The rank that an incident copies is that of its priority, by the foreign key: a priority in use keeps its rank.

Which ranks are in use is told for a desk that one configures; the incidents themselves stay out of reach.
"""

from django.db import migrations

from vigie.foundation import rls

SAME_RANK = """
ALTER TABLE incidents_priority ADD CONSTRAINT incidents_priority_desk_and_rank UNIQUE (id, desk_id, rank);
ALTER TABLE incidents_incident
    DROP CONSTRAINT incidents_incident_priority_of_desk,
    ADD CONSTRAINT incidents_incident_priority_of_desk
        FOREIGN KEY (priority_id, desk_id, priority_rank) REFERENCES incidents_priority (id, desk_id, rank);
"""
ANY_RANK = """
ALTER TABLE incidents_incident
    DROP CONSTRAINT incidents_incident_priority_of_desk,
    ADD CONSTRAINT incidents_incident_priority_of_desk
        FOREIGN KEY (priority_id, desk_id) REFERENCES incidents_priority (id, desk_id);
ALTER TABLE incidents_priority DROP CONSTRAINT incidents_priority_desk_and_rank;
"""
# By rank, open and closed apart: the index of the queue answers without reading the incidents.
USED = """
    SELECT EXISTS (
        SELECT FROM directory_desk d
          JOIN incidents_incident i ON i.desk_id = d.id AND i.is_open IN (true, false) AND i.priority_rank = of_rank
         WHERE d.id = of_desk AND (scope_platform() OR d.site_id = ANY (scope_ids('sites')))
    )
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0007_requesters_contact")]
    operations = [
        migrations.RunSQL(SAME_RANK, ANY_RANK),
        rls.definer("incidents_rank_is_used", "of_desk uuid, of_rank smallint", "boolean", USED, language="sql"),
    ]
