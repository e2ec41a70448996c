"""What makes a search among 100,000 products quick: indexes, and the words that there are to be mistyped."""

from django.db import migrations, models

# Every word of letters that was ever said of a product. It is written as the products are, and never
# by us; a word of which no product is left finds none.
WORDS = r"""
CREATE TABLE catalog_word (word text PRIMARY KEY);
CREATE INDEX catalog_word_spelling ON catalog_word USING gist (word gist_trgm_ops);

CREATE FUNCTION catalog_spell(said text) RETURNS SETOF text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT word FROM regexp_split_to_table(said, ' ') AS word WHERE word ~ '^[[:alpha:]]{4,40}$'
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

INSERT INTO catalog_word
SELECT DISTINCT word FROM catalog_product, catalog_spell(words) AS word;
"""

NO_WORDS = """
DROP TRIGGER catalog_product_new_words ON catalog_product;
DROP TRIGGER catalog_product_changed_words ON catalog_product;
DROP FUNCTION catalog_keep_new_words();
DROP FUNCTION catalog_keep_changed_words();
DROP FUNCTION catalog_spell(text);
DROP TABLE catalog_word;
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_import_in_five_steps")]

    operations = [
        migrations.RunSQL(WORDS, NO_WORDS),
        migrations.AddIndex(
            "product", models.Index(fields=["name", "brand", "id"], name="catalog_product_in_order")
        ),
        migrations.AddIndex(
            "product",
            models.Index(fields=["thc_unit", "thc_basis", "thc_value"], name="catalog_product_thc"),
        ),
        migrations.AddIndex(
            "product",
            models.Index(fields=["cbd_unit", "cbd_basis", "cbd_value"], name="catalog_product_cbd"),
        ),
    ]
