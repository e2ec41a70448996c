"""What makes a search among 100,000 products quick: the words that there are to be mistyped, and the days from
which until which each price holds."""

from django.db import migrations

# Every word of letters that was ever said of a product. It is written as the products are, and never
# by us; a word of which no product is left finds none.
WORDS = r"""
CREATE TABLE catalog_word (word text PRIMARY KEY);
CREATE INDEX catalog_word_spelling ON catalog_word USING gist (word gist_trgm_ops);

CREATE FUNCTION catalog_spell(said text) RETURNS SETOF text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT word FROM string_to_table(said, ' ') AS word
  WHERE length(word) BETWEEN 4 AND 40 AND word !~ '[^[:alpha:]]'
$$;

CREATE FUNCTION catalog_keep_new_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO catalog_word
  SELECT DISTINCT word FROM after, catalog_spell(after.words) AS word
  ORDER BY word  -- in one order, so that two who write at once do not wait for each other
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

CREATE FUNCTION catalog_keep_changed_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO catalog_word
  SELECT DISTINCT word FROM (SELECT words FROM after EXCEPT SELECT words FROM before) AS said,
    catalog_spell(said.words) AS word
  ORDER BY word
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

CREATE TRIGGER catalog_product_new_words AFTER INSERT ON catalog_product
  REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION catalog_keep_new_words();
CREATE TRIGGER catalog_product_changed_words AFTER UPDATE ON catalog_product
  REFERENCING OLD TABLE AS before NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION catalog_keep_changed_words();
"""

NO_WORDS = """
DROP TRIGGER catalog_product_new_words ON catalog_product;
DROP TRIGGER catalog_product_changed_words ON catalog_product;
DROP FUNCTION catalog_keep_new_words();
DROP FUNCTION catalog_keep_changed_words();
DROP FUNCTION catalog_spell(text);
DROP TABLE catalog_word;
"""

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
"""

NO_SPANS = """
DROP TRIGGER catalog_price_laid_out ON catalog_price;
DROP FUNCTION catalog_lay_out_prices();
DROP TABLE catalog_price_span;
"""


class Migration(migrations.Migration):
    replaces = [("catalog", "0011_quicker_rows")]

    dependencies = [("catalog", "0001_products")]

    operations = [migrations.RunSQL(WORDS, NO_WORDS), migrations.RunSQL(SPANS, NO_SPANS)]
