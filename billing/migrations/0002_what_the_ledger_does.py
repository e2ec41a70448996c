"""What the database does by itself with the ledger."""

from django.db import migrations

# No more goes back than came in, whoever writes the row: the payment is locked, so two refunds wait for each
# other. What a bank holds back, or has got, cannot be promised to the payer as well; a refund that was promised
# before the dispute is followed to its end, whatever becomes of it.
REFUNDS = """
CREATE FUNCTION billing_refund_within_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE paid numeric; promised numeric; disputed numeric := 0;
BEGIN
  IF NEW.status = 'failed' THEN RETURN NEW; END IF;
  SELECT amount INTO paid FROM billing_payment WHERE id = NEW.payment_id AND status = 'succeeded' FOR UPDATE;
  SELECT coalesce(sum(amount), 0) INTO promised FROM billing_refund
    WHERE payment_id = NEW.payment_id AND status <> 'failed' AND id <> NEW.id;
  IF TG_OP = 'INSERT' THEN
    SELECT coalesce(sum(amount), 0) INTO disputed FROM billing_dispute
      WHERE payment_id = NEW.payment_id AND status IN ('needs_response', 'under_review', 'lost');
  END IF;
  IF paid IS NULL OR promised + disputed + NEW.amount > paid THEN
    RAISE EXCEPTION 'billing_refund: more would go back than came in.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER billing_refund_within_payment BEFORE INSERT OR UPDATE ON billing_refund
  FOR EACH ROW EXECUTE FUNCTION billing_refund_within_payment();
"""

# When, whose order and who earned it are written once, on the entry; a posting may have an earner of its own.
COPY = """
CREATE FUNCTION billing_posting_is_like_its_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT happened_at, order_id, payer_id, coalesce(NEW.earner_id, earner_id)
    INTO NEW.happened_at, NEW.order_id, NEW.payer_id, NEW.earner_id
    FROM billing_entry WHERE id = NEW.entry_id;
  RETURN NEW;
END $$;
CREATE TRIGGER billing_posting_like_entry BEFORE INSERT ON billing_posting
  FOR EACH ROW EXECUTE FUNCTION billing_posting_is_like_its_entry();
"""

# Asked at the end of the transaction, when all of an entry's postings are there. None can be added later.
BALANCE = """
CREATE FUNCTION billing_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE which uuid := CASE TG_TABLE_NAME WHEN 'billing_entry' THEN (to_jsonb(NEW) ->> 'id')::uuid
                                         ELSE (to_jsonb(NEW) ->> 'entry_id')::uuid END;
        wanted int; found int; total numeric;
BEGIN
  SELECT parts INTO wanted FROM billing_entry WHERE id = which;
  SELECT count(*), coalesce(sum(amount), 0) INTO found, total FROM billing_posting WHERE entry_id = which;
  IF found < 2 OR found <> wanted OR total <> 0 THEN
    RAISE EXCEPTION 'billing_entry: an entry of % postings has % of them, and they add up to %.', wanted, found, total
      USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_entry_balances';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER billing_entry_balances AFTER INSERT ON billing_entry
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_entry_balances();
CREATE CONSTRAINT TRIGGER billing_posting_balances AFTER INSERT ON billing_posting
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_entry_balances();
"""

# An order's sums are those of its postings. A status can then not disagree: it is generated from the sums.
SUMS = """
CREATE FUNCTION billing_order_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE billing_order SET
    owing = billing_order.owing + coalesce(moved.owing, 0),
    charged = billing_order.charged + coalesce(moved.charged, 0),
    paid = billing_order.paid - coalesce(moved.received, 0),
    waived = billing_order.waived - coalesce(moved.waived, 0),
    written_off = billing_order.written_off - coalesce(moved.written_off, 0),
    promised = billing_order.promised - coalesce(moved.promised, 0),
    refunded = billing_order.refunded + coalesce(moved.refunded, 0),
    disputed = billing_order.disputed + coalesce(moved.disputed, 0),
    lost = billing_order.lost + coalesce(moved.lost, 0)
  FROM (
    SELECT fresh.order_id,
      sum(fresh.amount) FILTER (WHERE account = 'receivable') AS owing,
      sum(fresh.amount) FILTER (WHERE account = 'receivable' AND kind IN ('ordered', 'voided', 'reopened')) AS charged,
      sum(fresh.amount) FILTER (WHERE account = 'receivable' AND kind = 'received') AS received,
      sum(fresh.amount) FILTER (WHERE account = 'receivable' AND kind = 'waived') AS waived,
      sum(fresh.amount) FILTER (WHERE account = 'receivable' AND kind = 'written_off') AS written_off,
      sum(fresh.amount) FILTER (WHERE account = 'refunds') AS promised,
      sum(fresh.amount) FILTER (WHERE account = 'refunds' AND kind IN ('returned', 'came_back')) AS refunded,
      sum(fresh.amount) FILTER (WHERE account = 'disputed') AS disputed,
      sum(fresh.amount) FILTER (WHERE account = 'dispute_losses') AS lost
    FROM fresh JOIN billing_entry ON billing_entry.id = fresh.entry_id
    WHERE account IN ('receivable', 'refunds', 'disputed', 'dispute_losses') AND fresh.order_id IS NOT NULL
    GROUP BY fresh.order_id
  ) AS moved
  WHERE billing_order.id = moved.order_id;
  RETURN NULL;
END $$;
CREATE TRIGGER billing_order_sums AFTER INSERT ON billing_posting REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION billing_order_adds_up();
"""

# An order is written once, with its first entry; afterwards only its postings change it. Its income may pass to
# another earner.
ORDER = """
CREATE FUNCTION billing_order_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- NEW has no generated columns yet.
  IF to_jsonb(OLD) - '{earner_id,kept,status}'::text[]
     IS DISTINCT FROM to_jsonb(NEW) - '{earner_id,kept,status}'::text[] THEN
    RAISE EXCEPTION 'billing_order is kept as it was written: its sums follow the ledger.'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER billing_order_no_update BEFORE UPDATE ON billing_order
  FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION billing_order_is_kept();

CREATE FUNCTION billing_order_starts_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.charged, NEW.owing, NEW.paid, NEW.waived, NEW.written_off, NEW.promised, NEW.refunded, NEW.disputed, NEW.lost)
     IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0, 0, 0) THEN
    RAISE EXCEPTION 'billing_order: its sums follow the ledger.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER billing_order_empty BEFORE INSERT ON billing_order
  FOR EACH ROW EXECUTE FUNCTION billing_order_starts_empty();

CREATE FUNCTION billing_order_is_entered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM billing_posting JOIN billing_entry ON billing_entry.id = billing_posting.entry_id
    WHERE billing_posting.order_id = NEW.id AND kind = 'ordered' AND account = 'receivable' AND amount = NEW.amount
  ) THEN
    RAISE EXCEPTION 'billing_order: what is owed is not in the ledger.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_order_is_entered';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER billing_order_entered AFTER INSERT ON billing_order
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_order_is_entered();
"""

# Nobody uses credit that they have not got: two who use it at once wait for each other here.
CREDIT = """
CREATE FUNCTION billing_credit_suffices() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE used numeric;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('billing credit ' || NEW.payer_id, 0));
  SELECT sum(amount) INTO used FROM billing_posting WHERE account = 'credits' AND payer_id = NEW.payer_id;
  IF used > 0 THEN
    RAISE EXCEPTION 'billing_posting: more credit would be used than there is.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_credit_suffices';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER billing_posting_credit AFTER INSERT ON billing_posting
  FOR EACH ROW WHEN (NEW.account = 'credits' AND NEW.amount > 0) EXECUTE FUNCTION billing_credit_suffices();
"""

UNDO = """
DROP TRIGGER billing_posting_credit ON billing_posting;
DROP TRIGGER billing_order_entered ON billing_order;
DROP TRIGGER billing_order_empty ON billing_order;
DROP TRIGGER billing_order_no_update ON billing_order;
DROP TRIGGER billing_order_sums ON billing_posting;
DROP TRIGGER billing_posting_balances ON billing_posting;
DROP TRIGGER billing_entry_balances ON billing_entry;
DROP TRIGGER billing_posting_like_entry ON billing_posting;
DROP TRIGGER billing_refund_within_payment ON billing_refund;
DROP FUNCTION billing_credit_suffices, billing_order_is_entered, billing_order_starts_empty, billing_order_is_kept,
  billing_order_adds_up, billing_entry_balances, billing_posting_is_like_its_entry, billing_refund_within_payment;
"""


class Migration(migrations.Migration):
    replaces = [("billing", "0012_refunds_say_which_rule")]

    dependencies = [("billing", "0001_money")]

    operations = [migrations.RunSQL(REFUNDS + COPY + BALANCE + SUMS + ORDER + CREDIT, UNDO)]
