"""How people sign up and in: allauth with our rules."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """The clinic's rules for sign-up and sign-in."""
