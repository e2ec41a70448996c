"""The catalogue's forms."""
