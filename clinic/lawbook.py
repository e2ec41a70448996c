"""The rules of the states as they come with the product. Managers keep them from then on.

Each ``checked_on`` is the date of the source that was read: an old one asks somebody to read it again.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from catalog.models import DoseForm
from clinic.models import State

ROWS: list[dict[str, Any]] = [
    {
        "state": State.NSW,
        "from_on": date(2022, 11, 1),
        "monitoring": "SafeScript NSW",
        "is_local_only": False,
        "dependence_permit": "NSW Health authority",
        "handwriting": True,
        "caution": "A prescriber from another state may need prior authorisation in New South Wales.",
        "note": "Authority of NSW Health for certain groups of patients only. Whether the handwriting rule"
        " outlives the Act of 2022 is open.",
        "source": "Poisons and Therapeutic Goods Regulation 2008 (NSW); NSW Health TG184/10; SafeScript FAQ",
        "checked_on": date(2024, 5, 30),
    },
    {
        "state": State.VIC,
        "from_on": date(2022, 2, 28),
        "monitoring": "SafeScript",
        "is_monitoring_law": True,
        "is_local_only": False,
        "dependence_permit": "Schedule 8 permit",
        "note": "No permit for patients who do not depend on drugs since 28 February 2022.",
        "source": "Drugs, Poisons and Controlled Substances Act 1981 (Vic); Department of Health, 2022",
        "checked_on": date(2022, 2, 28),
    },
    {
        "state": State.QLD,
        "from_on": date(2021, 9, 27),
        "monitoring": "QScript",
        "is_monitoring_law": True,
        "is_local_only": False,
        "dependence_permit": "Queensland approval",
        "note": "No authority of the state since June 2020. Exemptions from QScript since 1 July 2024.",
        "source": "Medicines and Poisons (Medicines) Regulation 2021 (Qld) s 86; factsheet of May 2022",
        "checked_on": date(2024, 7, 1),
    },
    {
        "state": State.SA,
        "from_on": date(2017, 4, 1),
        "monitoring": "ScriptCheckSA",
        "is_monitoring_law": True,
        "is_local_only": False,
        "authority": "Section 18A authority",
        "months_without_authority": 2,
        "dependence_permit": "Section 18A authority",
        "note": "Exemptions (70 years and over, notified palliative care) stand in a text of 2017 and are not"
        " used until somebody confirms them.",
        "source": "Controlled Substances Act 1984 (SA) s 18A; SA Health, medicinal cannabis patient access",
        "checked_on": date(2017, 4, 1),
    },
    {
        "state": State.WA,
        "from_on": date(2024, 12, 12),
        "monitoring": "ScriptCheckWA",
        "is_local_only": False,
        "dependence_permit": "Authorisation of the CEO of Health",
        "note": "Before 12 December 2024 scripts from other states could not be dispensed. A new or unknown"
        " patient needs a look at ScriptCheckWA or a call to the Prescriber Information Service.",
        "source": "Monitored Medicines Prescribing Code (WA), 12 December 2024; WA Health, scripts",
        "checked_on": date(2024, 12, 12),
    },
    {
        "state": State.TAS,
        "from_on": date(2021, 7, 1),
        "monitoring": "TasScript",
        "is_local_only": True,
        "authority": "Section 59E authorisation",
        "dependence_permit": "Section 59E authorisation",
        "note": "The prescriber is present and practising in Tasmania when issuing.",
        "source": "Poisons Act 1971 (Tas) s 59E; Department of Health, 1 July 2021",
        "checked_on": date(2021, 7, 1),
    },
    {
        "state": State.ACT,
        "from_on": date(2020, 1, 1),
        "monitoring": "Canberra Script",
        "is_local_only": False,
        "blocked_forms": [DoseForm.DRIED_HERB],
        "authority": "Chief Health Officer approval",
        "dependence_permit": "Chief Health Officer approval",
        "note": "Approval per patient, for Authorised Prescribers too. No raw botanical cannabis.",
        "source": "Medicines, Poisons and Therapeutic Goods Regulation 2008 (ACT); CHO approval, 2023",
        "checked_on": date(2023, 1, 1),
    },
    {
        "state": State.NT,
        "from_on": date(2017, 1, 1),
        "monitoring": "NTScript",
        "is_local_only": None,
        "authority": "Notice to the Chief Health Officer",
        "months_without_authority": 2,
        "dependence_permit": "Authorisation of the Chief Health Officer",
        "note": "Prescribers based in the Territory only, by pages of 2017 and 2020; a newer page is silent.",
        "source": "NT Health, Schedule 8 prescribing (2017, 2020)",
        "checked_on": date(2020, 1, 1),
    },
]
