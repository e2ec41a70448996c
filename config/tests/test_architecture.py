"""The house rules, checked over every model, admin and file there is."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.utils.module_loading import import_string

from config.admin import ScopedAdmin
from config.base import Fact, Kept, ScopedQuerySet, Stateful
from messaging import kinds

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
UNLISTED = {"ReadMark", "Autosave", "Draft", "Seat", "Signal", "Try", "Shut"}
# Packages' models have no visible_to; a screen may ask these about rows that it may see anyway.
NOT_OURS = {"TOTPDevice"}
BANNED_NAMES = {
    "utils.py",
    "helpers.py",
    "constants.py",
    "services.py",
    "exceptions.py",
    "enums.py",
    "common.py",
}
MAIL = re.compile(r"\w+/mail/(?!_)\w+")
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
    # A link is the proof of an event, one for each: it says nothing of its own but a number and a hash.
    assert issubclass(model, Kept | Fact) or model.__name__ in {"AuditEvent", "AuditLink", "OpenSession"}


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


@trees("views", "views.py", "admin")
def test_screens_read_only_what_the_person_may_see(tree):
    assert [node.lineno for node in ast.walk(tree) if reads_everybodys(node)] == []


def reads_everybodys(node: ast.AST) -> bool:
    """Whether this is ``Model.objects.<anything but visible_to>``."""
    if not isinstance(node, ast.Attribute) or getattr(node.value, "attr", "") != "objects":
        return False
    return node.attr not in {"visible_to", "none"} and getattr(node.value.value, "id", "") not in NOT_OURS


@trees()
def test_a_status_is_never_assigned(tree):
    lines = [node.lineno for node in ast.walk(tree) if writes_status(node)]

    assert lines == [], "use move_to"


def writes_status(node: ast.AST) -> bool:
    """Whether a status is written past ``move_to``, one row or many."""
    if isinstance(node, ast.Attribute):
        return node.attr == "status" and isinstance(node.ctx, ast.Store)
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
    told = [*node.args, *(keyword.value for keyword in node.keywords)]
    words = [part.value for value in told for part in ast.walk(value) if isinstance(part, ast.Constant)]
    return (name == "update" and "status" in {keyword.arg for keyword in node.keywords}) or (
        name in {"setattr", "bulk_update"} and "status" in words
    )


@pytest.mark.parametrize(
    ("code", "is_caught"),
    [
        ("order.status = 'paid'", True),
        ("order.status, seen = 'paid', True", True),
        ("setattr(order, 'status', 'paid')", True),
        ("orders.update(status='paid')", True),
        ("Order.objects.bulk_update(orders, ['paid_at', 'status'])", True),
        ("Order.objects.bulk_update(orders, fields=['status'])", True),
        ("answer.status == 'paid'", False),
        ("setattr(order, 'number', 1)", False),
        ("orders.filter(status='open').update(number=1)", False),
    ],
)
def test_the_rule_of_statuses_catches(code, is_caught):
    assert any(writes_status(node) for node in ast.walk(ast.parse(code))) is is_caught


@pytest.mark.parametrize(
    ("code", "is_caught"),
    [
        ("Order.objects.filter(pk=pk)", True),
        ("models.Order.objects.all()", True),
        ("Order.objects.visible_to(user).filter(pk=pk)", False),
        ("Order.objects.none()", False),
        ("TOTPDevice.objects.filter(user=user)", False),
    ],
)
def test_the_rule_of_screens_catches(code, is_caught):
    assert any(reads_everybodys(node) for node in ast.walk(ast.parse(code))) is is_caught


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
    # A fact's recorded_at is never empty; its recorded_by is, where nobody but the clock recorded it.
    stems = {name.removesuffix("_by") for name in names if name.endswith("_by")} - {"recorded"}

    for stem in stems:
        assert f"{stem}_at" in names, f"{stem}_by does not tell when"
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


def named_letters(tree: ast.AST) -> set[str]:
    """The templates of letters that a file names."""
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {text for text in texts if isinstance(text, str) and MAIL.fullmatch(text)}


@trees()
def test_every_letter_that_is_named_has_a_kind(tree):
    assert named_letters(tree) <= set(kinds.KINDS)


def test_every_kind_has_a_template_and_every_template_a_kind():
    folder = settings.BASE_DIR / "templates"
    written = {
        str(path.relative_to(folder).with_suffix(""))
        for way in ("mail", "sms")
        for path in folder.glob(f"*/{way}/*.txt")
    }

    assert written == set(kinds.KINDS)


@trees()
def test_every_module_says_what_one_finds_here(tree):
    defines = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]

    assert ast.get_docstring(tree) or not defines or getattr(defines[0], "name", "").endswith("Config")
