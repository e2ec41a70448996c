"""Whoever sets the clinic up finds every setting in one file."""

import ast
import re

from django.conf import settings

# Where the environment is read; the rest of the code asks these.
READERS = ["config/settings.py", "config/supervisor/surroundings.py", "billing/simulator/app.py"]
ENVIRONMENT = {"env", "environ", "environment"}


def read_in(path: str) -> set[str]:
    """The variables that a file reads: the first word in capitals in each call that asks the environment."""
    calls = [node for node in ast.walk(ast.parse((settings.BASE_DIR / path).read_text())) if _asks(node)]
    words = [[word for part in ast.walk(call) if (word := _capitals(part))] for call in calls]
    return {found[0] for found in words if found}


def _capitals(part: ast.AST) -> str:
    word = str(getattr(part, "value", ""))
    return word if isinstance(part, ast.Constant) and re.fullmatch("[A-Z][A-Z0-9_]+", word) else ""


def _asks(node: ast.AST) -> bool:
    """Whether ``node`` is env("X"), env.int("X"), environment["X"], port_of(environment, "X") …"""
    if isinstance(node, ast.Subscript):
        return getattr(node.value, "id", "") in ENVIRONMENT
    if not isinstance(node, ast.Call):
        return False
    asked = [node.func, getattr(node.func, "value", None), *node.args]
    return any(getattr(part, "id", "") in ENVIRONMENT for part in asked)


def test_every_variable_is_in_the_example():
    listed = re.findall("^#([A-Z0-9_]+)=", (settings.BASE_DIR / ".env.example").read_text(), re.MULTILINE)

    assert sorted(listed) == sorted(set().union(*map(read_in, READERS)))
