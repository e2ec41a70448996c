"""What must always be true of money and its papers."""

from config.invariants import Check

WAITING_TOO_LONG = "1 hour"
# What the papers of an order say that we hold: its receipts, less what credit notes took back.
ON_PAPER = """(SELECT coalesce(sum(CASE r.kind WHEN 'receipt' THEN r.amount ELSE -r.amount END), 0)
               FROM billing_receipt r WHERE r.order_id = o.id)"""
AT_REST = f"""NOT EXISTS (SELECT FROM billing_entry e WHERE e.order_id = o.id
                          AND e.recorded_at > now() - interval '{WAITING_TOO_LONG}')"""

LEDGER = [
    Check(
        "every_ledger_entry_balances",
        "What one account gives, another gets: the parts of every ledger entry add up to nothing.",
        """SELECT e.id FROM billing_entry e
           LEFT JOIN (SELECT entry_id, count(*) AS parts, sum(amount) AS total
                      FROM billing_posting GROUP BY entry_id) AS p ON p.entry_id = e.id
           WHERE (p.parts, p.total) IS DISTINCT FROM (e.parts::bigint, 0.00)""",
    ),
    Check(
        "order_sums_are_the_ledgers",
        "What an order says was paid, is owed and went back is what the ledger says.",
        """SELECT o.id FROM billing_order o
           LEFT JOIN (
             SELECT p.order_id,
               sum(p.amount) FILTER (WHERE p.account = 'receivable') AS owing,
               -sum(p.amount) FILTER (WHERE p.account = 'receivable' AND e.kind = 'received') AS paid,
               sum(p.amount) FILTER (
                 WHERE p.account = 'refunds' AND e.kind IN ('returned', 'came_back')) AS back
             FROM billing_posting p JOIN billing_entry e ON e.id = p.entry_id GROUP BY p.order_id
           ) AS l ON l.order_id = o.id
           WHERE (o.owing, o.paid, o.refunded)
             IS DISTINCT FROM (coalesce(l.owing, 0), coalesce(l.paid, 0), coalesce(l.back, 0))""",
    ),
    Check(
        "payment_events_are_acted_on",
        f"No payment event has waited for more than {WAITING_TOO_LONG}.",
        f"""SELECT id FROM billing_stripeevent
            WHERE processed_at IS NULL AND received_at < now() - interval '{WAITING_TOO_LONG}'""",
    ),
]
PAPERS = [
    Check(
        "receipt_numbers_have_no_gap",
        "The receipts of each financial year are numbered from one without a gap.",
        """SELECT id FROM
             (SELECT id, sequence, row_number() OVER (PARTITION BY year ORDER BY sequence) AS place
              FROM billing_receipt) AS counted
           WHERE sequence <> place""",
    ),
    Check(
        "paid_orders_have_a_receipt",
        "Whoever has paid has a receipt.",
        f"""SELECT o.id FROM billing_order o
            WHERE o.paid > o.refunded AND o.owing <= 0 AND {AT_REST}
              AND NOT EXISTS (SELECT FROM billing_receipt r WHERE r.order_id = o.id)""",
    ),
    Check(
        "what_went_back_has_a_credit_note",
        "No receipt claims money that has gone back.",
        f"""SELECT o.id FROM billing_order o
            WHERE {ON_PAPER} > least(o.amount, o.paid - o.refunded) AND {AT_REST}""",
    ),
    Check(
        "receipts_are_printed",
        "Every receipt and credit note has its paper.",
        f"""SELECT r.id FROM billing_receipt r
            WHERE r.recorded_at < now() - interval '{WAITING_TOO_LONG}'
              AND NOT EXISTS (SELECT FROM billing_receiptpaper p WHERE p.receipt_id = r.id)""",
    ),
]
CHECKS = [*LEDGER, *PAPERS]
