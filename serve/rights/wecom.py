"""WeCom (企业微信): the browser in its client comes back with a code, which WeCom's API turns into a member's id."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from serve.rights.settings import WecomSettings
from serve.rights.sign_in import Identity, Journey, SignInError

STALE = frozenset({40014, 42001})  # errcode: the access token is wrong or ran out
EARLY_S = 300.0  # before its end a token is renewed


class WecomProvider:
    """网页授权 with scope snsapi_base: nobody has to confirm anything."""

    def __init__(self, settings: WecomSettings) -> None:
        self._rules = settings
        self._lock = threading.Lock()
        self._token: tuple[float, str] = (float("-inf"), "")  # good until, on the monotonic clock

    def way_out(self, journey: Journey) -> str:
        asked = {
            "appid": self._rules.corp_id, "redirect_uri": journey.redirect_uri, "response_type": "code",
            "scope": "snsapi_base", "state": journey.state, "agentid": self._rules.agent_id,
        }  # fmt: skip
        return f"{self._rules.authorize_url}?{urlencode(asked)}#wechat_redirect"

    def identify(self, code: str, journey: Journey) -> Identity:
        if not code:
            raise SignInError("WeCom sent no code")
        told = self._member(code, self._access_token())
        if told.get("errcode") in STALE:
            told = self._member(code, self._access_token(renew=True))
        user_id = told.get("userid")
        if told.get("errcode") != 0 or not isinstance(user_id, str) or not user_id:
            raise SignInError(f"WeCom names no member (errcode {told.get('errcode')})")
        return Identity(user_id=user_id)

    def _member(self, code: str, token: str) -> Mapping[str, Any]:
        return self._get("/cgi-bin/auth/getuserinfo", {"access_token": token, "code": code})

    def _access_token(self, *, renew: bool = False) -> str:
        with self._lock:
            if renew or time.monotonic() >= self._token[0]:
                secret = self._rules.secret.get_secret_value() if self._rules.secret else ""
                told = self._get("/cgi-bin/gettoken", {"corpid": self._rules.corp_id, "corpsecret": secret})
                token = told.get("access_token")
                if told.get("errcode") != 0 or not isinstance(token, str):
                    raise SignInError(f"WeCom gives no access token (errcode {told.get('errcode')})")
                self._token = (time.monotonic() + float(told.get("expires_in", 0)) - EARLY_S, token)
            return self._token[1]

    def _get(self, path: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
        import httpx

        try:
            answer = httpx.get(
                self._rules.api_url.rstrip("/") + path, params=dict(asked), timeout=self._rules.timeout_s,
                trust_env=False,
            )  # fmt: skip
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            # The address holds secrets: the kind of the error is all that is told.
            raise SignInError(f"WeCom did not answer ({type(error).__name__})") from None
        if not isinstance(found, dict):
            raise SignInError("WeCom answered something else")
        return found
