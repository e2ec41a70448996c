"""Prescribing in figures, by prescriber: what the regulator looks at when it looks for poor prescribing.

Ahpra and National Boards, guidance of 9 July 2025: more than 10,000 scripts in six months, consultations of
seconds to minutes, several products at once, no contact in real time.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.utils import timezone

from clinic import gathering
from clinic.boards import figures
from clinic.models import Practitioner, Prescription, Segment

if TYPE_CHECKING:
    from clinic.boards.figures import Chart
    from clinic.models import User

HALF_A_YEAR = datetime.timedelta(days=182)
DAYS = 42
MOST_SCRIPTS = 10_000
SHORTEST_MEDIAN = 5  # minutes

# How much each prescriber issued, and how; void scripts count, for they were written.
COUNTED = """
WITH chosen AS (
  SELECT id, encounter_id, practitioner_id, issued_at, content FROM clinic_prescription
  WHERE issued_at >= %(since)s AND practitioner_id = ANY(%(whose)s)
), at_once AS (
  SELECT c.practitioner_id, c.encounter_id, count(DISTINCT l.product_id) AS products
  FROM chosen c JOIN clinic_prescriptionline l ON l.prescription_id = c.id AND l.removed_at IS NULL
  GROUP BY 1, 2
), days AS (
  SELECT practitioner_id, count(*) AS scripts FROM chosen
  GROUP BY 1, (issued_at AT TIME ZONE %(zone)s)::date
), spoken AS (
  -- A clock that ran too long was forgotten: how long they spoke is not known, and it makes nobody thorough.
  SELECT e.practitioner_id, sum(extract(epoch FROM s.ended_at - s.started_at)) / 60 AS minutes
  FROM clinic_encounter e JOIN clinic_segment s ON s.encounter_id = e.id
  WHERE e.created_at >= %(since)s AND e.practitioner_id = ANY(%(whose)s)
    AND s.modality = ANY(%(spoken)s) AND s.ended_at - s.started_at <= %(longest)s
  GROUP BY 1, e.id
)
SELECT p.id,
  (SELECT count(*) FROM chosen c WHERE c.practitioner_id = p.id),
  (SELECT coalesce(max(scripts), 0) FROM days d WHERE d.practitioner_id = p.id),
  (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) FROM spoken s WHERE s.practitioner_id = p.id),
  (SELECT count(*) FROM at_once a WHERE a.practitioner_id = p.id),
  (SELECT count(*) FROM at_once a WHERE a.practitioner_id = p.id AND a.products > 1),
  (SELECT count(*) FROM chosen c WHERE c.practitioner_id = p.id AND c.content #> '{evidence,segments}' = '[]')
FROM unnest(%(whose)s::uuid[]) AS p(id)
"""


class Prescriber(NamedTuple):
    """Half a year of one prescriber; no patient and no medicine is in it."""

    practitioner: Practitioner
    scripts: int
    busiest_day: int
    median_minutes: float | None
    consultations: int
    """That led to a script."""
    several: int
    """Of these, with more than one product."""
    unspoken: int
    """Scripts without contact in real time: repeats, with a written reason."""

    @property
    def share_of_several(self) -> int:
        """In per cent."""
        return round(100 * self.several / self.consultations) if self.consultations else 0

    @property
    def is_much(self) -> bool:
        return self.scripts > MOST_SCRIPTS

    @property
    def is_short(self) -> bool:
        return self.median_minutes is not None and self.median_minutes < SHORTEST_MEDIAN


def may_watch(user: User) -> bool:
    """Whether ``user`` sees figures: of everybody, or a prescriber their own."""
    return user.has_perm("clinic.view_watch")


def prescribers(user: User) -> list[Prescriber]:
    """The figures of the last half year that ``user`` may see, the busiest first; in two statements."""
    whose = {practitioner.pk: practitioner for practitioner in _whose(user)}
    asked: dict[str, Any] = {
        "since": timezone.now() - HALF_A_YEAR,
        "whose": [*whose],
        "longest": gathering.LONGEST_STRETCH,
        "zone": timezone.get_current_timezone_name(),
        "spoken": [str(modality) for modality in Segment.SYNCHRONOUS],
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, asked)
        found = [Prescriber(whose[pk], *rest) for pk, *rest in cursor.fetchall()]
    return sorted(found, key=lambda one: (-one.scripts, str(one.practitioner)))


def _whose(user: User) -> Sequence[Practitioner]:
    practitioners = Practitioner.objects.select_related("user")
    if not user.has_perm("clinic.watch_prescribing"):
        practitioners = practitioners.filter(user=user)
    return [*practitioners]


def chart(user: User) -> Chart:
    """Scripts a day, of all whom ``user`` may watch, over the last six weeks."""
    day = figures.today()
    since = day.start - datetime.timedelta(days=DAYS - 1)
    issued = Prescription.objects.filter(practitioner__in=_whose(user), issued_at__gte=since)
    counted = {row["day"]: row["count"] for row in figures.per_day(issued, "issued_at")}
    days = figures.days_until(day.start.date(), count=DAYS)
    series = {"Prescriptions": [counted.get(one, 0) for one in days]}
    return figures.Chart("Prescriptions a day, last six weeks", days, series)
