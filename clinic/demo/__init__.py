"""The demo clinic: invented people and their weeks, made by the rules."""
