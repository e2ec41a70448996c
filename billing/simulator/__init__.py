"""A stand-in for Stripe: its HTTP interface, its payment page and its webhooks, without money.

It is a process of its own, and our code reaches it only through the ``stripe`` package, so no line
of ours knows the difference. It imports nothing of the product and no Django settings.
"""
