"""What the database refuses to have prescribed, whoever writes it and however.

A line names a product that may be prescribed when it is written, and nothing is issued with one that may
not be any more. Which may is ``Product.is_prescribable``, computed by the database from the product's facts.
"""

from __future__ import annotations

from clinic.models import Prescription, PrescriptionLine

FUNCTIONS = """
CREATE OR REPLACE FUNCTION clinic_withhold_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM catalog_product WHERE id = NEW.product_id AND is_prescribable FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'clinic_prescriptionline: this product may not be prescribed.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_prescriptionline_prescribable';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION clinic_withhold_issue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- The lock makes a change of a product wait for the issue, or the issue see what was changed.
  PERFORM FROM catalog_product AS product JOIN clinic_prescriptionline AS line ON line.product_id = product.id
    WHERE line.prescription_id = NEW.id AND line.removed_at IS NULL FOR SHARE OF product;
  IF EXISTS (
      SELECT FROM clinic_prescriptionline AS line
      JOIN catalog_product AS product ON product.id = line.product_id
      WHERE line.prescription_id = NEW.id AND line.removed_at IS NULL AND NOT product.is_prescribable) THEN
    RAISE EXCEPTION 'clinic_prescription: a product on it may not be prescribed.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_prescription_prescribable';
  END IF;
  RETURN NEW;
END $$;
"""


def statements() -> list[str]:
    """The triggers, as SQL."""
    line, script = PrescriptionLine._meta.db_table, Prescription._meta.db_table
    issued = Prescription.Status.ISSUED.value
    return [
        f'CREATE OR REPLACE TRIGGER "{line}_prescribable" BEFORE INSERT OR UPDATE OF product_id ON "{line}"'
        " FOR EACH ROW EXECUTE FUNCTION clinic_withhold_product()",
        f'CREATE OR REPLACE TRIGGER "{script}_prescribable" BEFORE INSERT OR UPDATE ON "{script}"'
        f" FOR EACH ROW WHEN (NEW.status = '{issued}') EXECUTE FUNCTION clinic_withhold_issue()",
    ]
