"""How the admin looks: name, colours, environment label. The sidebar is in ``clinic.desk``."""

UNFOLD = {
    "SITE_TITLE": "ProMedicine",
    "SITE_HEADER": "ProMedicine",
    "SITE_SUBHEADER": "Practice desk",
    "SITE_SYMBOL": "stethoscope",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
}
