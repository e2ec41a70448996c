"""What the database does by itself with the ledger, and the entries of orders that are older than it."""

from django.db import migrations

# When, whose order and who earned it are written once, on the entry.
COPY = """
CREATE FUNCTION billing_posting_is_like_its_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT happened_at, order_id, payer_id, earner_id
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

# An order is written once, with its first entry; afterwards only its postings change it.
ORDER = """
CREATE FUNCTION billing_order_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'billing_order is kept as it was written: its sums follow the ledger.'
    USING ERRCODE = 'integrity_constraint_violation';
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

# Orders from before the ledger: their entries, made of what was known of them.
ENTRY = """
WITH facts AS ({facts}),
entries AS (
  INSERT INTO billing_entry
    (id, recorded_at, recorded_by_id, trace, key, kind, happened_at, why, parts, order_id, payer_id, payment_id, refund_id)
  SELECT DISTINCT ON (key) gen_random_uuid(), at, NULL::uuid, '{{}}'::jsonb, key, kind, at, '',
    (SELECT count(*) FROM facts AS same WHERE same.key = facts.key AND amount <> 0), order_id, payer_id, payment_id, refund_id
  FROM facts RETURNING id, key
)
INSERT INTO billing_posting (id, recorded_at, trace, entry_id, account, amount, happened_at)
SELECT gen_random_uuid(), at, '{{}}'::jsonb, entries.id, account, amount, at
FROM facts JOIN entries USING (key) WHERE amount <> 0;
"""
ORDERED = """
  SELECT '{kind}:' || o.id AS key, '{kind}' AS kind, o.created_at AS at, o.id AS order_id, o.payer_id,
    NULL::uuid AS payment_id, NULL::uuid AS refund_id, part.account, {sign} * part.amount AS amount
  FROM billing_order o
  CROSS JOIN LATERAL (
    SELECT round(coalesce(sum(amount) FILTER (WHERE gst_code = 'gst_10'), 0) / 11, 2) AS gst
    FROM billing_orderline WHERE order_id = o.id
  ) AS tax
  CROSS JOIN LATERAL (
    VALUES ('receivable', o.amount), ('gst', -tax.gst), ('income', tax.gst - o.amount)
  ) AS part (account, amount)
  WHERE {having}
"""
WAIVED = """
  SELECT 'waived:' || o.id AS key, 'waived' AS kind, coalesce(o.waived_at, o.created_at) AS at, o.id AS order_id,
    o.payer_id, NULL::uuid AS payment_id, NULL::uuid AS refund_id, part.account, part.amount
  FROM billing_order o
  CROSS JOIN LATERAL (VALUES ('receivable', -o.amount), ('waived', o.amount)) AS part (account, amount)
  WHERE o.status = 'waived' OR o.waived_at IS NOT NULL
"""
RECEIVED = """
  SELECT 'received:' || p.id AS key, 'received' AS kind, p.paid_at AS at, o.id AS order_id, o.payer_id,
    p.id AS payment_id, NULL::uuid AS refund_id, part.account, part.amount
  FROM billing_payment p JOIN billing_order o ON o.id = p.order_id
  CROSS JOIN LATERAL (
    VALUES (CASE p.method WHEN 'card' THEN 'stripe' WHEN 'transfer' THEN 'bank' ELSE p.method END, p.amount),
           ('receivable', -p.amount)
  ) AS part (account, amount)
  WHERE p.status = 'succeeded'
"""
# What was paid too much goes back first; the rest lowers the price.
PROMISED = """
  SELECT 'promised:' || r.id AS key, 'promised' AS kind, r.created_at AS at, r.order_id, r.payer_id,
    NULL::uuid AS payment_id, r.id AS refund_id, part.account, part.amount
  FROM (
    SELECT r.id, r.created_at, o.id AS order_id, o.payer_id, r.amount,
      least(r.amount, greatest(0,
        -o.owing - (sum(r.amount) OVER (PARTITION BY o.id ORDER BY r.created_at, r.id) - r.amount))) AS too_much
    FROM billing_refund r
    JOIN billing_payment p ON p.id = r.payment_id JOIN billing_order o ON o.id = p.order_id
    WHERE r.status <> 'failed'
  ) AS r
  CROSS JOIN LATERAL (
    VALUES ('receivable', r.too_much), ('income', r.amount - r.too_much), ('refunds', -r.amount)
  ) AS part (account, amount)
"""
RETURNED = """
  SELECT 'returned:' || r.id AS key, 'returned' AS kind, r.created_at AS at, o.id AS order_id, o.payer_id,
    NULL::uuid AS payment_id, r.id AS refund_id, part.account, part.amount
  FROM billing_refund r
  JOIN billing_payment p ON p.id = r.payment_id JOIN billing_order o ON o.id = p.order_id
  CROSS JOIN LATERAL (
    VALUES (CASE p.method WHEN 'card' THEN 'stripe' WHEN 'transfer' THEN 'bank' ELSE p.method END, -r.amount),
           ('refunds', r.amount)
  ) AS part (account, amount)
  WHERE r.status = 'succeeded'
"""
EARLIER = [
    ORDERED.format(kind="ordered", sign=1, having="true"),
    ORDERED.format(kind="voided", sign=-1, having="o.status = 'void'"),
    WAIVED,
    RECEIVED,
    PROMISED,
    RETURNED,
]
AT_ONCE = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;"

UNDO = """
DROP TRIGGER billing_order_entered ON billing_order;
DROP TRIGGER billing_order_empty ON billing_order;
DROP TRIGGER billing_order_no_update ON billing_order;
DROP TRIGGER billing_order_sums ON billing_posting;
DROP TRIGGER billing_posting_balances ON billing_posting;
DROP TRIGGER billing_entry_balances ON billing_entry;
DROP TRIGGER billing_posting_like_entry ON billing_posting;
DROP FUNCTION billing_order_is_entered, billing_order_starts_empty, billing_order_is_kept, billing_order_adds_up,
  billing_entry_balances, billing_posting_is_like_its_entry;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0002_the_ledger'),
    ]

    operations = [
        migrations.RunSQL(COPY + BALANCE + SUMS + ORDER, UNDO),
        migrations.RunSQL(
            [ENTRY.format(facts=facts) for facts in EARLIER] + [AT_ONCE], migrations.RunSQL.noop
        ),
    ]
