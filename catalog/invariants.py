"""What must always be true of the catalogue's rows."""

from catalog.classifying import BALANCED, CBD_DOMINANT, CBD_MEDICINE, THC_DOMINANT, THC_MEDICINE
from config.invariants import Check

# ``checking.classify`` once more, told by the database of what is stored: every extreme mixture that the
# bounds of a composition leave open has its category, and the strictest of them holds, unless the supplier
# states another of them with the same schedule.
STRENGTHS = """
SELECT id, 'thc' AS name, thc_op AS op, thc_value AS value, thc_unit AS unit FROM catalog_product
WHERE kind = 'cannabis' AND is_composition_known AND thc_value IS NOT NULL
UNION ALL
SELECT id, 'cbd', cbd_op, cbd_value, cbd_unit FROM catalog_product
WHERE kind = 'cannabis' AND is_composition_known AND cbd_value IS NOT NULL
UNION ALL
SELECT p.id, o.key, o.value ->> 'op', (o.value ->> 'value')::numeric, o.value ->> 'unit'
FROM catalog_product p CROSS JOIN jsonb_each(p.other_cannabinoids) o
WHERE p.kind = 'cannabis' AND p.is_composition_known
"""
CATEGORY = f"""CASE
  WHEN total <= 0 THEN NULL
  WHEN cbd >= {CBD_MEDICINE} * total THEN 1
  WHEN cbd >= {CBD_DOMINANT} * total THEN 2
  WHEN cbd >= {BALANCED} * total THEN 3
  WHEN thc > {THC_MEDICINE} * total THEN 5
  WHEN thc >= {THC_DOMINANT} * total THEN 4 END"""
OPEN = f"""
WITH strengths AS ({STRENGTHS}), alike AS (
  SELECT id, name, op <> '=' AS is_bound, value * CASE unit WHEN '%' THEN 10 ELSE 1 END AS value,
    CASE unit WHEN '%' THEN 'mg/g' ELSE unit END AS unit,
    count(*) FILTER (WHERE op <> '=') OVER (PARTITION BY id ORDER BY name) - 1 AS bit
  FROM strengths
), whole AS (
  SELECT id, count(*) FILTER (WHERE is_bound)::int AS bounds FROM alike
  GROUP BY id HAVING count(DISTINCT unit) = 1
), mixtures AS (
  SELECT whole.id, mixture, coalesce(sum(value) FILTER (WHERE name = 'thc'), 0) AS thc,
    coalesce(sum(value) FILTER (WHERE name = 'cbd'), 0) AS cbd, coalesce(sum(value), 0) AS total
  FROM whole CROSS JOIN generate_series(0, (1 << bounds) - 1) AS mixture
  LEFT JOIN alike ON alike.id = whole.id AND (NOT is_bound OR (mixture >> bit::int) & 1 = 1)
  GROUP BY whole.id, mixture
), told AS (
  SELECT id, {CATEGORY} AS category FROM mixtures
)
SELECT id, min(category) AS least, max(category) AS most FROM told
GROUP BY id HAVING bool_and(category IS NOT NULL)
"""

CHECKS = [
    Check(
        "category_follows_composition",
        "The category and the schedule of cannabis follow from what is in it.",
        f"""SELECT p.id FROM catalog_product p LEFT JOIN ({OPEN}) AS open ON open.id = p.id
            WHERE p.kind = 'cannabis' AND (p.tga_category, p.schedule) IS DISTINCT FROM (
              CASE WHEN p.tga_category_stated BETWEEN open.least AND open.most
                    AND (p.tga_category_stated = 1) = (open.most = 1)
                THEN p.tga_category_stated ELSE open.most END,
              CASE WHEN open.most IS NULL THEN '' WHEN open.most = 1 THEN 'S4' ELSE 'S8' END)""",
    ),
]
