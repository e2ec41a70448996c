"""The table of checks: a module for each thing they are about, one function and one sentence each."""

from clinic.checks import authorities, cautions, medicines, patients, prescribers, states

ORDER = (prescribers, patients, medicines, authorities, states, cautions)
"""In which doctors read them."""
