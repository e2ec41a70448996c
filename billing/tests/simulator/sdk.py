"""What the installed ``stripe`` package says of Stripe's objects and parameters, as a measure for ours."""

from __future__ import annotations

import ast
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any, ClassVar, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints

import stripe
from stripe import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import is_typeddict

from billing.simulator.parameters import Needed
from billing.simulator.wire import ApiError

UNIONS = (Union, types.UnionType)


@cache
def hints(cls: type) -> dict[str, Any]:
    """The annotations of a class of the package, resolved."""
    module = sys.modules[cls.__module__]
    names = {**vars(module), **_imported_for_types(module), **vars(cls)}
    bare = cls if not is_typeddict(cls) else _without_options(cls)
    found = get_type_hints(bare, globalns=names, localns={}, include_extras=True)
    return {
        name: kind
        for name, kind in found.items()
        if not name.startswith("_") and get_origin(kind) is not ClassVar
    }


@cache
def _imported_for_types(module: types.ModuleType) -> dict[str, Any]:
    """What a module of the package imports for its annotations alone."""
    tree = ast.parse(inspect.getsource(module))
    blocks = [
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    return {
        name.asname or name.name: getattr(import_module(line.module), name.name)
        for block in blocks
        for line in block.body
        if isinstance(line, ast.ImportFrom)
        for name in line.names
    }


def faults(value: Any, kind: Any, path: str = "") -> Iterator[str]:
    """In what an answer differs from what the package expects to read."""
    origin = get_origin(kind)
    if origin in UNIONS:
        yield from _of_union(value, kind, path)
    elif origin is Literal:
        yield from [] if value in get_args(kind) else [f"{path}: {value!r} is none of {get_args(kind)}"]
    elif origin in (list, stripe.ListObject):
        items = value.get("data") if origin is stripe.ListObject and isinstance(value, dict) else value
        yield from _of_list(items, get_args(kind)[0], path)
    elif issubclass(origin or kind, stripe.StripeObject):
        yield from _of_object(value, origin or kind, path)
    elif not isinstance(value, (int, float) if kind is float else kind):
        yield f"{path}: {value!r} is no {kind.__name__}"


def _of_union(value: Any, kind: Any, path: str) -> Iterator[str]:
    tried = [list(faults(value, one, path)) for one in get_args(kind) if one is not type(None)]
    # An enumeration is written as Union[Literal[…], str], for words to come; we say those of today.
    literal = [one for one in get_args(kind) if get_origin(one) is Literal]
    if value is None and type(None) in get_args(kind):
        return
    if literal:
        yield from faults(value, literal[0], path)
    elif all(tried):
        yield from min(tried, key=len)


def _of_list(value: Any, kind: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: {value!r} is no list"
        return
    for number, item in enumerate(value):
        yield from faults(item, kind, f"{path}[{number}]")


def _of_object(value: Any, cls: type, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no {cls.__name__}"
        return
    if issubclass(cls, UntypedStripeObject):
        return  # free keys and values
    known = hints(cls)
    yield from (f"{path}.{name}: unknown" for name in value if name not in known)
    yield from (
        f"{path}.{name}: missing" for name, kind in known.items() if name not in value and not optional(kind)
    )
    for name in value.keys() & known.keys():
        yield from faults(value[name], known[name], f"{path}.{name}")


def optional(kind: Any) -> bool:
    return get_origin(kind) in UNIONS and type(None) in get_args(kind)


def _without_options(cls: type) -> type:
    """A class of parameters, but for what it inherits: how the package sends, which is on no wire."""
    sent = cls.__annotations__.items()
    own = {name: kind for name, kind in sent if name not in RequestOptions.__annotations__}
    return type(cls.__name__, (), {"__annotations__": own, "__module__": cls.__module__})


def strays(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Where the parameters that we take differ from those that the package lets one send."""
    if isinstance(ours, Needed):
        ours = ours.kind
    theirs = [one for one in _choices(theirs) if get_origin(one) is not Literal or get_args(one) != ("",)]
    if isinstance(ours, dict):
        typed = next((one for one in theirs if is_typeddict(one)), None)
        yield from _of_parameters(ours, typed, path) if typed else [f"{path}: no object there"]
    elif isinstance(ours, list):
        lists = [one for one in theirs if get_origin(one) is list]
        yield from (
            strays(ours[0], get_args(lists[0])[0], f"{path}[]") if lists else [f"{path}: no list there"]
        )
    elif not any(_takes(ours, one) for one in theirs):
        yield f"{path}: {ours.__name__} is none of {theirs}"


def _of_parameters(ours: dict[str, Any], theirs: type, path: str) -> Iterator[str]:
    known = hints(theirs)
    for name in ours.keys() - known.keys():
        yield f"{path}.{name}: unknown"
    for name, kind in known.items():
        if get_origin(kind) is not NotRequired and not isinstance(ours.get(name), Needed):
            yield f"{path}.{name}: needed there, not here"
    for name in ours.keys() & known.keys():
        yield from strays(ours[name], known[name], f"{path}.{name}")


def _choices(kind: Any) -> list[Any]:
    """The kinds of value that a parameter may have there."""
    if get_origin(kind) in (NotRequired, Required):
        return _choices(get_args(kind)[0])
    if get_origin(kind) in UNIONS:
        return [inner for one in get_args(kind) for inner in _choices(one)]
    return [kind]


def _takes(check: Callable[[Any, str], Any], theirs: Any) -> bool:
    """Whether a check of ours reads what the package writes for a value of its kind."""
    words = {str: "text", int: "1", bool: "true"}
    if is_typeddict(theirs):
        return _reads(check, dict.fromkeys(hints(theirs), "1"))
    if get_origin(theirs) is dict:
        return _reads(check, {"name": "text"})
    if get_origin(theirs) is Literal:
        return any(_reads(check, word) for word in get_args(theirs))
    return _reads(check, words.get(theirs, "")) or (theirs is str and _reads(check, "https://a.example"))


def _reads(check: Callable[[Any, str], Any], value: Any) -> bool:
    try:
        check(value, "it")
    except ApiError:
        return False
    return True
