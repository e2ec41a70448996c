"""What the database refuses to have prescribed, whoever writes it and however.

A line names a product that may be prescribed when it is written, and nothing is issued with one that may
not be any more. Which may is ``Product.is_prescribable``, computed by the database from the product's facts.
An original goes to a pharmacy in the state whose rules let it be written.
"""

from __future__ import annotations

from clinic.models import Original, Prescription, PrescriptionLine

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

CREATE OR REPLACE FUNCTION clinic_withhold_original() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
      SELECT FROM clinic_pharmacy AS pharmacy, clinic_prescription AS script
      WHERE pharmacy.id = NEW.pharmacy_id AND script.id = NEW.prescription_id
        AND pharmacy.state = script.dispense_state) THEN
    RAISE EXCEPTION 'clinic_original: the pharmacy is in another state than the script was written for.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_original_in_its_state';
  END IF;
  RETURN NEW;
END $$;
"""


def statements() -> list[str]:
    """The triggers, as SQL."""
    line, script = PrescriptionLine._meta.db_table, Prescription._meta.db_table
    original = Original._meta.db_table
    issued = Prescription.Status.ISSUED.value
    return [
        f'CREATE OR REPLACE TRIGGER "{line}_prescribable" BEFORE INSERT OR UPDATE OF product_id ON "{line}"'
        " FOR EACH ROW EXECUTE FUNCTION clinic_withhold_product()",
        f'CREATE OR REPLACE TRIGGER "{script}_prescribable" BEFORE INSERT OR UPDATE ON "{script}"'
        f" FOR EACH ROW WHEN (NEW.status = '{issued}') EXECUTE FUNCTION clinic_withhold_issue()",
        f'CREATE OR REPLACE TRIGGER "{original}_in_its_state"'
        f' BEFORE INSERT OR UPDATE OF pharmacy_id ON "{original}"'
        " FOR EACH ROW WHEN (NEW.pharmacy_id IS NOT NULL) EXECUTE FUNCTION clinic_withhold_original()",
    ]
