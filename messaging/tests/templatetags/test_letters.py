from datetime import UTC, datetime

import pytest
from django.template import Context, Template

AT = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize("at", [AT, AT.isoformat(), "2026-11-23T14:05:00Z"])
def test_letters_say_times_by_the_readers_clock(at):
    written = Template("{% load letters %}{{ at|in_zone:zone }} | {{ at|shortly_in_zone:zone }}")

    text = written.render(Context({"at": at, "zone": "Australia/Perth"}))

    assert (
        text
        == "Monday 23 November 2026, 10:05 pm AWST (UTC+08:00) | Mon 23 Nov 2026, 10:05 pm AWST (UTC+08:00)"
    )
