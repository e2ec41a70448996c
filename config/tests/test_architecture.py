"""The house rules, checked over every model, admin and file there is."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.utils.module_loading import import_string

from config.admin import ScopedAdmin
from config.base import Fact, Kept, ScopedQuerySet, Stateful

OURS = ["clinic", "catalog", "billing", "messaging"]
LEVEL = {"clinic": 2, "catalog": 1, "billing": 1, "messaging": 0}
MODELS = [
    model
    for label in OURS
    for model in apps.get_app_config(label).get_models()
    if not model.__name__.startswith("Historical")
]
FILES = [
    path
    for label in [*OURS, "config"]
    for path in sorted((settings.BASE_DIR / label).rglob("*.py"))
    if not {"migrations", "tests"} & {*path.parts}
]
# Rows of which nobody is shown a list: they are read through their record.
UNLISTED = {"ReadMark"}
BANNED_NAMES = {
    "utils.py",
    "helpers.py",
    "constants.py",
    "services.py",
    "exceptions.py",
    "enums.py",
    "common.py",
}
named = {"ids": lambda value: getattr(value, "__name__", None) or str(value)}


def trees(*folders: str):
    """Every file, parsed; only those in ``folders`` where some are named."""
    chosen = [path for path in FILES if not folders or set(folders) & {*path.parts, path.name}]
    return pytest.mark.parametrize(
        "tree",
        [ast.parse(path.read_text()) for path in chosen],
        ids=[str(path.relative_to(settings.BASE_DIR)) for path in chosen],
    )


@pytest.mark.parametrize("model", [m for m in MODELS if m.__name__ not in UNLISTED], **named)
def test_every_record_says_who_may_see_it(model):
    queryset = type(model._default_manager.none())

    assert issubclass(queryset, ScopedQuerySet)
    assert "visible_to" in vars(queryset), f"{queryset.__name__} inherits visible_to"


@pytest.mark.parametrize("model", MODELS, **named)
def test_every_key_is_a_uuid(model):
    assert isinstance(model._meta.pk, models.UUIDField)


@pytest.mark.parametrize("model", [m for m in MODELS if m.__name__ not in UNLISTED], **named)
def test_every_row_is_kept_or_a_fact(model):
    assert issubclass(model, Kept | Fact) or model.__name__ == "AuditEvent"


@pytest.mark.parametrize("model", [m for m in MODELS if issubclass(m, Kept)], **named)
def test_every_kept_row_has_versions(model):
    assert model.history.model._meta.get_field("trace")


@pytest.mark.parametrize("model", MODELS, **named)
def test_nothing_is_deleted_with_something_else(model):
    kept = {field.name: field.remote_field.on_delete for field in model._meta.fields if field.remote_field}

    assert set(kept.values()) <= {models.PROTECT}, kept


@pytest.mark.parametrize("model", MODELS, **named)
def test_no_model_overrides_save_or_delete(model):
    assert {"save", "delete"} & set(vars(model)) == set()


@trees("views", "views.py")
def test_views_read_only_what_the_person_may_see(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and getattr(node.value, "attr", "") == "objects":
            assert node.attr == "visible_to", f"line {node.lineno}: .objects.{node.attr}"


@trees()
def test_a_status_is_never_assigned(tree):
    for node in ast.walk(tree):
        targets = getattr(node, "targets", [])
        assert not [t for t in targets if getattr(t, "attr", "") == "status"], (
            f"line {node.lineno}: use move_to"
        )
        updates = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "update"
        assert not (updates and "status" in {k.arg for k in node.keywords}), (
            f"line {node.lineno}: use move_to"
        )


@pytest.mark.parametrize("model", [m for m in MODELS if issubclass(m, Stateful)], **named)
def test_every_status_has_its_moves(model):
    statuses = set(model.Status)

    assert set(model.MOVES) == statuses
    assert set().union(*model.MOVES.values()) <= statuses
    assert not model._meta.get_field("status").editable


@pytest.mark.parametrize("model", MODELS, **named)
def test_foreign_keys_point_down(model):
    user = apps.get_model(settings.AUTH_USER_MODEL)
    for field in model._meta.get_fields():
        if isinstance(field, models.ForeignKey) and field.related_model is not user:
            there, here = field.related_model._meta.app_label, model._meta.app_label
            assert there == here or LEVEL[there] < LEVEL[here], f"{field} points up"


@pytest.mark.parametrize(
    "model", [m for m in MODELS if any(f.name.endswith("_by") for f in m._meta.fields)], **named
)
def test_who_and_when_are_paired(model):
    names = {field.name for field in model._meta.fields}
    stems = {name.removesuffix("_by") for name in names if name.endswith("_by")} - {"recorded"}
    paired = {stem for stem in stems if f"{stem}_at" in names}

    for stem in paired:
        assert any(f"{stem}_at_with_{stem}_by" in c.name for c in model._meta.constraints), stem


@pytest.mark.parametrize("model_admin", [a for m, a in admin.site._registry.items() if m in MODELS], **named)
def test_every_admin_is_ours(model_admin):
    assert isinstance(model_admin, ScopedAdmin)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(settings.BASE_DIR)))
def test_files_are_short_and_named_for_what_they_hold(path: Path):
    assert len(path.read_text().splitlines()) <= 400
    assert path.name not in BANNED_NAMES


@trees()
def test_functions_stay_short(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 50, f"{node.name} is {node.end_lineno - node.lineno} lines"
            positional = [a for a in node.args.posonlyargs + node.args.args if a.arg not in {"self", "cls"}]
            assert len(positional) <= 5, f"{node.name} takes {len(positional)} arguments by position"


@trees()
def test_queued_tasks_exist(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "enqueue":
            import_string(node.args[0].value)


@trees()
def test_every_module_says_what_one_finds_here(tree):
    defines = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]

    assert ast.get_docstring(tree) or not defines or getattr(defines[0], "name", "").endswith("Config")
