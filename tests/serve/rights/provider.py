"""A provider of OpenID Connect, and WeCom's API, on a real port of this machine; each can be told to lie."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KID = "k1"


@dataclass
class Provider:
    """What the provider knows and says."""

    base: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    signs_with: rsa.RSAPrivateKey | None = None  # another key than it publishes
    claims: dict[str, Any] = field(default_factory=dict)  # lies, over what is right
    without: tuple[str, ...] = ()
    algorithm: str = "RS256"
    issuer_in_discovery: str = ""
    challenge: str = ""
    nonce: str = ""
    secret: str = "shared"
    tokens: int = 0  # of WeCom, given so far
    stale: int = 0  # answers of WeCom that call the token stale
    member: dict[str, Any] = field(default_factory=lambda: {"errcode": 0, "userid": "A001"})

    def id_token(self) -> str:
        now = int(time.time())
        told = {
            "iss": self.base, "aud": "tougu", "sub": "s-1", "iat": now, "exp": now + 300, "nonce": self.nonce,
            "preferred_username": "A001", "groups": ["advisors"],
        } | self.claims  # fmt: skip
        told = {name: value for name, value in told.items() if name not in self.without}
        if self.algorithm == "none":
            return jwt.encode(told, None, algorithm="none", headers={"kid": KID})
        if self.algorithm == "HS256":
            return jwt.encode(told, "k" * 32, algorithm="HS256", headers={"kid": KID})
        return jwt.encode(told, self.signs_with or self.key, algorithm=self.algorithm, headers={"kid": KID})

    def went_out(self, address: str) -> str:
        """What the browser brings to the provider; returns the state."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.challenge, self.nonce = asked["code_challenge"], asked["nonce"]
        return asked["state"]

    def answer(self, method: str, path: str, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer_in_discovery or self.base, "authorization_endpoint": f"{self.base}/authorize",
                "token_endpoint": f"{self.base}/token", "jwks_uri": f"{self.base}/keys",
            }  # fmt: skip
        if path == "/keys":
            named = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return 200, {"keys": [named | {"kid": KID, "use": "sig", "alg": "RS256"}]}
        if path == "/token":
            made = (
                base64.urlsafe_b64encode(sha256(asked.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
            )
            good = asked.get("code") == "good" and made == self.challenge and asked.get("client_secret") == self.secret
            return (200, {"id_token": self.id_token()}) if good else (400, {"error": "invalid_grant"})
        return self.wecom(path, asked)

    def wecom(self, path: str, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/cgi-bin/gettoken":
            if asked.get("corpsecret") != self.secret:
                return 200, {"errcode": 40001, "errmsg": "invalid credential"}
            self.tokens += 1
            return 200, {"errcode": 0, "access_token": f"token{self.tokens}", "expires_in": 7200}
        if path == "/cgi-bin/auth/getuserinfo":
            if self.stale:
                self.stale -= 1
                return 200, {"errcode": 42001, "errmsg": "access_token expired"}
            right = asked.get("access_token") == f"token{self.tokens}" and asked.get("code") == "good"
            return 200, self.member if right else {"errcode": 40029, "errmsg": "invalid code"}
        return 404, {}


@contextmanager
def running() -> Iterator[Provider]:
    """A provider that answers on a free port until the block ends."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say("GET", urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._say("POST", self.rfile.read(int(self.headers["content-length"])).decode())

        def _say(self, method: str, query: str) -> None:
            asked = {name: values[0] for name, values in parse_qs(query).items()}
            status, told = provider.answer(method, urlsplit(self.path).path, asked)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
