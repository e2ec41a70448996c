"""What a benchmark reports: its figures, the floors beside them, and whether the targets are met."""

from dataclasses import dataclass, field
from typing import Any


class CannotMeasure(Exception):
    """The benchmark cannot run here and now, and ``str()`` of this says why."""


@dataclass
class Report:
    """Figures of one run; names end in their unit (``_s``, ``_ms``, ``_mb``), ratios in nothing."""

    figures: dict[str, float] = field(default_factory=dict)
    floors: dict[str, float] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)
    targets: dict[str, float] = field(default_factory=dict)  # the most that a figure or ratio may be

    def compare(self, name: str, figure: str, *floors: str) -> None:
        """Keep as ratio ``name`` how many times the floors together the figure is."""
        self.ratios[name] = self.figures[figure] / sum(self.floors[floor] for floor in floors)

    @property
    def met(self) -> bool:
        measured = self.figures | self.ratios
        return all(measured[name] <= most for name, most in self.targets.items())

    def as_dict(self) -> dict[str, Any]:
        parts = {name: getattr(self, name) for name in ("figures", "floors", "ratios", "targets")}
        rounded = {
            part: {name: round(value, 3) for name, value in values.items()} for part, values in parts.items()
        }
        return {**rounded, "met": self.met}
