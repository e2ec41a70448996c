"""What web and worker may do in the database: they read and write rows, and own no table.

Whoever owns a table can switch its triggers off. ``migrate`` runs as the owner and lays this on; the role
that the application signs in with (``DATABASE_APP_ROLE``) gets no more than its work needs, so that what is
kept as it was written stays so even if somebody speaks SQL in its name.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from clinic.guarding import APPS
from clinic.models import AuditAnchor, AuditEvent, AuditLink, AuditSeal
from config.base import Fact, Kept

ONLY_READ = (AuditLink, AuditSeal)
"""Written by a function of the database itself, which runs as its owner."""
ONLY_ADDED = (AuditEvent, AuditAnchor)


def install(**kwargs: Any) -> None:
    """Grant it, and take back what is more; where there is no such role, nothing."""
    role = settings.DATABASE_APP_ROLE
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT rolname = current_user FROM pg_roles WHERE rolname = %s", [role])
        found = cursor.fetchone()
        if found is None or found[0]:
            return
        for statement in statements(connection.ops.quote_name(role)):
            cursor.execute(statement)


def statements(role: str) -> list[str]:
    """The grants as SQL, broad ones first and then what is taken back from them."""
    found = [
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
        # What the owner makes after this, as createcachetable does, is for the application as well.
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    ]
    for model in [model for label in APPS for model in apps.get_app_config(label).get_models()]:
        table = f'"{model._meta.db_table}"'
        if issubclass(model, ONLY_READ):
            found.append(f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {role}")
        elif issubclass(model, Fact) or model in ONLY_ADDED:
            found.append(f"REVOKE UPDATE, DELETE ON {table} FROM {role}")
            # To lock a row one must be allowed to write it; a trigger refuses the writing.
            found.append(f"GRANT UPDATE (id) ON {table} TO {role}")
        elif issubclass(model, Kept):
            versions = f'"{model.history.model._meta.db_table}"'  # type: ignore[attr-defined]
            found.append(f"REVOKE DELETE ON {table} FROM {role}")
            found.append(f"REVOKE UPDATE, DELETE ON {versions} FROM {role}")
    return found
