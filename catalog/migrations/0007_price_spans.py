"""From when until when each price holds: what a search by price reads among 100,000 products."""

from django.db import migrations

# The same facts as in catalog_price, laid out by the database whenever a price is written, and never by us.
# A price ends on the day from which the next one holds; of those of one day, the one written last counts.
SPANS = """
CREATE TABLE catalog_price_span (
  product_id uuid NOT NULL,
  kind varchar(10) NOT NULL,
  from_on date NOT NULL,
  until_on date,
  amount numeric(10, 2),
  PRIMARY KEY (product_id, kind, from_on)
);
CREATE INDEX catalog_price_span_amount ON catalog_price_span (kind, amount) INCLUDE (product_id, from_on, until_on);

CREATE FUNCTION catalog_lay_out_prices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- One transaction after the other: two at once would not see each other's prices.
  PERFORM pg_advisory_xact_lock(hashtext('catalog_price_span'));
  INSERT INTO catalog_price_span AS span (product_id, kind, from_on, until_on, amount)
  SELECT DISTINCT ON (product_id, kind, effective_on) product_id, kind, effective_on,
    (SELECT min(from_on) FROM catalog_price_span AS later
     WHERE (later.product_id, later.kind) = (written.product_id, written.kind)
       AND later.from_on > written.effective_on),
    amount
  FROM written ORDER BY product_id, kind, effective_on, id DESC
  ON CONFLICT (product_id, kind, from_on) DO UPDATE SET amount = excluded.amount;
  -- What held until now ends where the new one begins; of several new ones, where the first of them does.
  UPDATE catalog_price_span AS span SET until_on = (
      SELECT min(later.from_on) FROM catalog_price_span AS later
      WHERE (later.product_id, later.kind) = (span.product_id, span.kind) AND later.from_on > span.from_on)
  FROM written
  WHERE (span.product_id, span.kind) = (written.product_id, written.kind)
    AND span.from_on < written.effective_on AND (span.until_on IS NULL OR span.until_on > written.effective_on);
  RETURN NULL;
END $$;

CREATE TRIGGER catalog_price_laid_out AFTER INSERT ON catalog_price
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION catalog_lay_out_prices();

INSERT INTO catalog_price_span (product_id, kind, from_on, until_on, amount)
SELECT product_id, kind, effective_on,
  lead(effective_on) OVER (PARTITION BY product_id, kind ORDER BY effective_on), amount
FROM (
  SELECT DISTINCT ON (product_id, kind, effective_on) product_id, kind, effective_on, amount
  FROM catalog_price ORDER BY product_id, kind, effective_on, id DESC
) AS day;
"""

NO_SPANS = """
DROP TRIGGER catalog_price_laid_out ON catalog_price;
DROP FUNCTION catalog_lay_out_prices();
DROP TABLE catalog_price_span;
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0006_prescribable")]

    operations = [migrations.RunSQL(SPANS, NO_SPANS)]
