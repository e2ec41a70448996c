"""Which servers help two browsers to find each other, from the settings.

On one machine or in one network none is needed. Elsewhere a STUN server tells a browser its own address, and
a TURN server (coturn) passes the call on where two networks do not let each other in. The call stays
encrypted between the two browsers; a TURN server cannot hear it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any

from django.conf import settings

LASTS = 4 * 3600
"""Seconds for which a TURN server lets somebody in: longer than any call."""


def servers() -> dict[str, Any]:
    """What ``RTCPeerConnection`` is to be made with.

    A TURN password is good for some hours and for nobody in particular (coturn's ``use-auth-secret``):
    ``base64(hmac-sha1(secret, "expiry:name"))``.
    """
    found: list[dict[str, Any]] = []
    if settings.STUN_URLS:
        found.append({"urls": settings.STUN_URLS})
    if settings.TURN_URLS:
        name = f"{int(time.time()) + LASTS}:{secrets.token_hex(8)}"
        digest = hmac.new(settings.TURN_SECRET.encode(), name.encode(), hashlib.sha1).digest()
        found.append(
            {
                "urls": settings.TURN_URLS,
                "username": name,
                "credential": base64.b64encode(digest).decode(),
            }
        )
    relayed = settings.TURN_URLS and settings.CALLS_RELAYED
    return {"ice": {"iceServers": found, "iceTransportPolicy": "relay" if relayed else "all"}}
