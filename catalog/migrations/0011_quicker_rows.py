"""What the database works out for every row of a list: the same answers, in a third of the time."""

from django.db import migrations

# An SQL function that looks into another query is set up anew for every row. PL/pgSQL keeps its plan, and
# nearly all products have no other cannabinoids to look at.
QUICKER = r"""
CREATE OR REPLACE FUNCTION catalog_product_words(
  name text, brand text, cultivar text, manufacturer text, strength text, product_code text, pbs_code text,
  gtin13 text, dose_form text, dose_form_stated text, thc numeric, cbd numeric, others jsonb
) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE minor text;
BEGIN
  IF others <> '{}' AND jsonb_typeof(others) = 'object' THEN
    minor := (SELECT string_agg(each, ' ' ORDER BY each) FROM jsonb_object_keys(others) AS each);
  END IF;
  RETURN regexp_replace(upper(' ' || array_to_string(ARRAY[
      name, brand, cultivar, manufacturer, strength, product_code, pbs_code, gtin13,
      replace(dose_form, '_', ' '), dose_form_stated,
      CASE WHEN thc IS NOT NULL THEN 'thc' END, CASE WHEN cbd IS NOT NULL THEN 'cbd' END, minor
    ], ' ')), '[^[:alnum:].:/%+]+', ' ', 'g');
END $$;

CREATE OR REPLACE FUNCTION catalog_are_strengths(said jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF said = '{}' THEN
    RETURN true;
  ELSIF said IS NULL OR jsonb_typeof(said) <> 'object' THEN
    RETURN false;
  END IF;
  RETURN (SELECT bool_and(coalesce(  -- bool_and passes over what is neither true nor false
      name IN ('cbn', 'cbg', 'cbc', 'thcv', 'cbdv')
      AND jsonb_typeof(one) = 'object' AND one - ARRAY['op', 'value', 'unit', 'basis'] = '{}'
      AND one ->> 'op' IN ('=', '<', '<=')
      AND jsonb_typeof(one -> 'value') = 'string' AND one ->> 'value' ~ '^[0-9]{1,5}([.][0-9]{1,4})?$'
      AND (one ->> 'unit', one ->> 'basis') IN (
        ('%', 'weight'), ('mg/mL', 'volume'), ('mg/g', 'weight'),
        ('mg', ''), ('mg', 'unit'), ('mg', 'container')),
    false)) FROM jsonb_each(said) AS each(name, one));
END $$;

CREATE OR REPLACE FUNCTION catalog_spell(said text) RETURNS SETOF text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT word FROM string_to_table(said, ' ') AS word
  WHERE length(word) BETWEEN 4 AND 40 AND word !~ '[^[:alpha:]]'
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0010_strengths_in_doubt")]

    operations = [migrations.RunSQL(QUICKER, migrations.RunSQL.noop)]
