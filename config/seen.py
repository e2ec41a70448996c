"""What a form showed: who saves what somebody else changed meanwhile is told, and loses nothing."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def mark(*values: Any) -> str:
    """A short mark of ``values``, which JSON can hold, for a form to carry and a rule to compare."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
