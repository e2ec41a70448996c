"""What people look for in conversations."""

from django import forms

from messaging import searching

TOO_SHORT = f"Write at least {searching.SHORTEST} letters of what you look for."


class SearchForm(forms.Form):
    words = forms.CharField(
        label="Words",
        min_length=searching.SHORTEST,
        max_length=searching.LONGEST,
        error_messages={
            "required": TOO_SHORT,
            "min_length": TOO_SHORT,
            "max_length": f"Look for at most {searching.LONGEST} letters at once.",
        },
    )
    before = forms.UUIDField(required=False)
