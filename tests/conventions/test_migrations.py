"""The migrations say all that the models say, in one line each app."""

from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.utils import translation

OURS = {config.label for config in apps.get_app_configs() if config.name.startswith("vigie.")}


def test_no_model_is_ahead_of_its_migrations() -> None:
    loader = MigrationLoader(None)
    with translation.override(None):  # as `makemigrations` does: names in the source language
        detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
        changes = detector.changes(graph=loader.graph)
    assert {app: [str(step) for migration in found for step in migration.operations] for app, found in changes.items() if app in OURS} == {}


def test_each_app_has_one_line_of_migrations() -> None:
    ends = [app for app, _name in MigrationLoader(None).graph.leaf_nodes() if app in OURS]
    assert len(ends) == len(set(ends)) > 5
