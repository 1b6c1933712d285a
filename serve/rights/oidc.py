"""OpenID Connect: discovery, authorization code with PKCE, and an id_token believed only when all of it is right."""

from __future__ import annotations

import base64
import hmac
import threading
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit

from serve.rights.settings import OidcSettings
from serve.rights.sign_in import Identity, Journey, SignInError

DISCOVERY = "/.well-known/openid-configuration"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")  # never none
LEEWAY_S = 60  # between this clock and the provider's
FRESH_S = 3600.0  # how long discovery and keys are believed
AGAIN_S = 60.0  # an unknown key asks for new ones at most so often


class OidcProvider:
    """Any provider of OpenID Connect Core 1.0; asked when somebody signs in, and not before."""

    def __init__(self, settings: OidcSettings) -> None:
        self._rules = settings
        self._lock = threading.Lock()
        self._about: tuple[float, Mapping[str, Any]] = (float("-inf"), {})
        self._keys: tuple[float, Mapping[str, Any]] = (float("-inf"), {})

    def way_out(self, journey: Journey) -> str:
        challenge = base64.urlsafe_b64encode(sha256(journey.verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code", "client_id": self._rules.client_id, "redirect_uri": journey.redirect_uri,
            "scope": self._rules.scopes, "state": journey.state, "nonce": journey.nonce,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        address = self._endpoint("authorization_endpoint")
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"

    def identify(self, code: str, journey: Journey) -> Identity:
        if not code:
            raise SignInError("the provider sent no code")
        claims = self._claims(self._id_token(code, journey), journey)
        user_id = claims.get(self._rules.user_claim)
        groups = claims.get(self._rules.groups_claim, [])
        if not isinstance(user_id, str) or not user_id:
            raise SignInError(f"the id_token has no claim {self._rules.user_claim} (auth.oidc.user_claim)")
        named = [groups] if isinstance(groups, str) else groups
        return Identity(user_id=user_id, groups=tuple(str(each) for each in named))

    def _id_token(self, code: str, journey: Journey) -> str:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": journey.redirect_uri,
            "code_verifier": journey.verifier, "client_id": self._rules.client_id,
        }  # fmt: skip
        if self._rules.client_secret is not None:
            form["client_secret"] = self._rules.client_secret.get_secret_value()
        answer = self._json("POST", self._endpoint("token_endpoint"), form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise SignInError("the provider sent no id_token")
        return token

    def _claims(self, token: str, journey: Journey) -> Mapping[str, Any]:
        """The claims of a token whose signature, issuer, audience, times and nonce are right (Core 3.1.3.7)."""
        import jwt

        try:
            algorithm = jwt.get_unverified_header(token).get("alg")
            if algorithm not in ALGORITHMS:
                raise SignInError(f"the id_token is signed with {algorithm}")
            claims: dict[str, Any] = jwt.decode(
                token, self._key(token), algorithms=[algorithm], audience=self._rules.client_id,
                issuer=self._rules.issuer, leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"]},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise SignInError(f"the id_token is not to be believed ({type(error).__name__})") from error
        if not hmac.compare_digest(str(claims["nonce"]).encode(), journey.nonce.encode()):
            raise SignInError("the id_token answers another sign-in")
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", self._rules.client_id if not several else None) != self._rules.client_id:
            raise SignInError("the id_token was given to another program")
        return claims

    def _key(self, token: str) -> Any:
        """The provider's key that a token names; unknown ones are asked for once more."""
        import jwt

        kid = jwt.get_unverified_header(token).get("kid")
        for fresh_s in (FRESH_S, AGAIN_S):
            keys = [
                key for key in jwt.PyJWKSet.from_dict(dict(self._jwks(fresh_s))).keys if key.public_key_use != "enc"
            ]
            fits = [key for key in keys if key.key_id == kid] if kid else keys
            if len(fits) == 1:
                return fits[0]
        raise SignInError("the id_token is signed with a key that the provider does not name")

    def _jwks(self, fresh_s: float) -> Mapping[str, Any]:
        with self._lock:
            if time.monotonic() - self._keys[0] >= fresh_s:
                self._keys = (time.monotonic(), self._json("GET", self._endpoint("jwks_uri")))
            return self._keys[1]

    def _endpoint(self, name: str) -> str:
        """An address from discovery: over https, or on this machine."""
        if time.monotonic() - self._about[0] >= FRESH_S:
            about = self._json("GET", self._rules.issuer.rstrip("/") + DISCOVERY)
            if about.get("issuer") != self._rules.issuer:
                raise SignInError("the provider's discovery names another issuer than auth.oidc.issuer")
            self._about = (time.monotonic(), about)
        address = self._about[1].get(name)
        if not isinstance(address, str) or not _safe(address):
            raise SignInError(f"the provider's discovery has no https address as {name}")
        return address

    def _json(self, method: str, address: str, form: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        import httpx

        if not _safe(address):
            raise SignInError("the provider is not reached over https (auth.oidc.issuer)")
        try:
            answer = httpx.request(
                method, address, data=form, timeout=self._rules.timeout_s, follow_redirects=False, trust_env=False
            )
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise SignInError(f"the provider did not answer ({type(error).__name__})") from error
        if answer.status_code != 200 or not isinstance(found, dict):
            raise SignInError(f"the provider answered {answer.status_code}")
        return found


def _safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))
