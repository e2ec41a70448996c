"""A catalogue as long as none is yet: products and their dated prices, made by the database itself."""

from __future__ import annotations

from django.db import connection

SUPPLIERS = """
INSERT INTO catalog_supplier (id, created_at, key, name, email)
SELECT gen_random_uuid(), now(), 'supplier-' || n, 'Supplier ' || chr(64 + n) || ' Medical', ''
FROM generate_series(1, 20) AS n
"""

# Every tenth is an ordinary medicine; the others are flowers, oils, cartridges and capsules in turn.
# Names are two words of 120, so that some words are rare and some stand in one product of three.
PRODUCTS = """
WITH words AS (
  SELECT ARRAY(SELECT initcap(one || two) FROM unnest(ARRAY['mal', 'ban', 'wat', 'gre', 'lil', 'quan', 'mul',
      'bor', 'tel', 'per', 'cor', 'sas']) AS one,
    unnest(ARRAY['lee', 'ksia', 'tle', 'villea', 'ly', 'dong', 'ga', 'onia', 'opea',
      'cival']) AS two) AS those
), suppliers AS (
  SELECT array_agg(id ORDER BY key) AS those FROM catalog_supplier
), numbered AS (
  SELECT n, n %% 10 = 0 AS is_ordinary, n %% 4 AS form, (n * 7919) %% 27 + 1 AS strong,
    (n * 1049) %% 19 AS weak,
    words.those[n %% 120 + 1] || ' ' || words.those[(n / 120) %% 120 + 1] AS name,
    words.those[(n * 31) %% 120 + 1] || ' ' || words.those[(n * 17 / 7) %% 120 + 1] AS cultivar,
    suppliers.those[n %% 20 + 1] AS supplier
  FROM generate_series(1, %(count)s) AS n, words, suppliers
)
INSERT INTO catalog_product (id, created_at, kind, supplier_id, brand, name, gtin13, product_code, pbs_code,
  manufacturer, strength, dose_form, dose_form_stated, size_value, size_unit,
  thc_op, thc_value, thc_unit, thc_basis, cbd_op, cbd_value, cbd_unit, cbd_basis, other_cannabinoids,
  is_composition_known, tga_category_stated, tga_category, is_category_disputed, schedule_stated, schedule,
  is_schedule_disputed, pathway, artg_id, strain_type, cultivar, lineage, terpenes, storage, packaging,
  supply, availability, available_on, review_codes, is_strength_settled)
SELECT gen_random_uuid(), now(), CASE WHEN is_ordinary THEN 'conventional' ELSE 'cannabis' END,
  CASE WHEN NOT is_ordinary THEN supplier END, 'Brand ' || n %% 60, name || ' ' || n,
  (2000000000000 + n)::text, 'PC-' || n, '', CASE WHEN is_ordinary THEN 'Maker ' || n %% 30 ELSE '' END,
  CASE WHEN is_ordinary THEN (n %% 9 + 1) * 50 || ' mg' ELSE '' END,
  CASE WHEN is_ordinary THEN 'tablet'
    ELSE (ARRAY['dried_herb', 'oral_liquid', 'vape', 'capsule'])[form + 1] END, '',
  (ARRAY[10, 30, 1, 60])[form + 1], (ARRAY['g', 'mL', 'g', 'capsule'])[form + 1],
  CASE WHEN is_ordinary THEN '' ELSE '=' END,
  CASE WHEN NOT is_ordinary THEN strong END,
  CASE WHEN is_ordinary THEN '' ELSE (ARRAY['%%', 'mg/mL', '%%', 'mg'])[form + 1] END,
  CASE WHEN is_ordinary THEN '' ELSE (ARRAY['weight', 'volume', 'weight', 'unit'])[form + 1] END,
  CASE WHEN is_ordinary THEN '' WHEN weak = 0 THEN '<' ELSE '=' END,
  CASE WHEN NOT is_ordinary THEN greatest(weak, 1) END,
  CASE WHEN is_ordinary THEN '' ELSE (ARRAY['%%', 'mg/mL', '%%', 'mg'])[form + 1] END,
  CASE WHEN is_ordinary THEN '' ELSE (ARRAY['weight', 'volume', 'weight', 'unit'])[form + 1] END,
  '{}', true, NULL, CASE WHEN NOT is_ordinary THEN (n / 7) %% 4 + 2 END, n %% 50 = 7,
  '', CASE WHEN is_ordinary THEN 'S4' ELSE 'S8' END, false,
  CASE WHEN is_ordinary THEN 'registered' ELSE 'unapproved' END, '', '',
  CASE WHEN NOT is_ordinary THEN cultivar ELSE '' END, '', '', '', '',
  (ARRAY['active', 'active', 'active', 'out_of_stock', 'active', 'discontinued', 'active'])[n %% 7 + 1],
  '', NULL, CASE WHEN n %% 40 = 3 THEN ARRAY['gone'] ELSE ARRAY[]::text[] END, false
FROM numbered
"""

PRICES = """
INSERT INTO catalog_price (id, recorded_at, trace, product_id, kind, amount, gst, effective_on)
SELECT gen_random_uuid(), now(), '{}', product.id, kind.name,
  kind.least + month * 2 + ('x' || substr(md5(product.id::text), 1, 4))::bit(16)::int % 150, '',
  current_date - 30 * month
FROM catalog_product AS product, (VALUES ('wholesale', 40), ('retail', 60)) AS kind(name, least),
  generate_series(0, 2) AS month
"""


def fill(count: int) -> None:
    """Put ``count`` products on the shelves, and let the database look at what is there."""
    put(count)
    with connection.cursor() as cursor:
        for table in ("catalog_product", "catalog_price", "catalog_price_span", "catalog_word"):
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def put(count: int) -> None:
    """Write ``count`` products of twenty suppliers, each with three prices of both kinds."""
    with connection.cursor() as cursor:
        cursor.execute(SUPPLIERS)
        cursor.execute(PRODUCTS, {"count": count})
        # Nobody did this, so the audit trail does not have it. A table with checks to come cannot change.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute('ALTER TABLE catalog_price DISABLE TRIGGER "catalog_price_audit"')
        cursor.execute(PRICES)
        cursor.execute('ALTER TABLE catalog_price ENABLE TRIGGER "catalog_price_audit"')
