"""Which servers a browser is told of."""

import base64
import hashlib
import hmac
import time

from messaging import reaching


def test_none_where_none_is_set():
    assert reaching.servers() == {"ice": {"iceServers": [], "iceTransportPolicy": "all"}}


def test_a_turn_password_is_good_for_hours_and_for_nobody_in_particular(settings):
    settings.STUN_URLS, settings.TURN_URLS = ["stun:s.example"], ["turn:t.example"]
    settings.TURN_SECRET, settings.CALLS_RELAYED = "a-secret-of-coturn-and-ours", True

    ice, again = (reaching.servers()["ice"] for _ in range(2))

    stun, turn = ice["iceServers"]
    expected = hmac.new(settings.TURN_SECRET.encode(), turn["username"].encode(), hashlib.sha1).digest()
    expires = int(turn["username"].partition(":")[0])
    assert stun == {"urls": ["stun:s.example"]}
    assert turn["credential"] == base64.b64encode(expected).decode()
    assert 3 * 3600 < expires - time.time() < 5 * 3600
    assert turn["username"] != again["iceServers"][1]["username"]
    assert ice["iceTransportPolicy"] == "relay"
