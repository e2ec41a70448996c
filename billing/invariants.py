"""What must always be true of money and its papers."""

from config.invariants import Check

WAITING_TOO_LONG = "1 hour"
# What the papers of an order say that we hold: its receipts, less what credit notes took back.
ON_PAPER = """(SELECT coalesce(sum(CASE r.kind WHEN 'receipt' THEN r.amount ELSE -r.amount END), 0)
               FROM billing_receipt r WHERE r.order_id = o.id)"""
AT_REST = f"""NOT EXISTS (SELECT FROM billing_entry e WHERE e.order_id = o.id
                          AND e.recorded_at > now() - interval '{WAITING_TOO_LONG}')"""

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
CHECKS = [*PAPERS]
