"""Which buttons a record's page offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.http import HttpRequest
    from unfold.dataclasses import UnfoldAction

    from config.admin import RecordAdmin

    Base = RecordAdmin
else:
    Base = object


class PossibleButtons(Base):
    """Offers only the buttons that can do something to the record as it is now; the rules refuse anyway."""

    def possible(self, record: Any) -> set[str]:
        """The names of those buttons."""
        raise NotImplementedError

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[UnfoldAction]:
        record = self.get_object(request, object_id)
        if record is None:
            return []
        prefix, names = f"{self.opts.app_label}_{self.opts.model_name}_", self.possible(record)
        offered = super().get_actions_detail(request, object_id)
        return [button for button in offered if button.action_name.removeprefix(prefix) in names]
