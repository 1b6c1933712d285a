"""Passwords: Argon2id (RFC 9106), the same work whether the account exists or not."""

from __future__ import annotations

import secrets
import threading
from functools import cached_property

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from serve.errors import ServeError
from serve.rights.settings import AuthSettings

# One lane: OpenSSL computes several in a pool of threads, in which two hashes at once wait for each other for ever.
SALT_BYTES, HASH_BYTES, LANES = 16, 32, 1
AT_ONCE = 2  # hashes of one process at a time: each takes its memory
LONGEST = 256  # characters


class WeakPasswordError(ServeError):
    """The password is too short, or names its owner."""

    def __init__(self, message: str, *, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


class Passwords:
    """Hashes and checks passwords. Hashes carry their own parameters, so that settings may change."""

    def __init__(self, settings: AuthSettings) -> None:
        self._rules = settings
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def hash(self, password: str) -> str:
        """A PHC string of a password."""
        with self._room:
            kdf = Argon2id(
                salt=secrets.token_bytes(SALT_BYTES), length=HASH_BYTES, iterations=self._rules.password_passes,
                lanes=LANES, memory_cost=self._rules.password_memory_mib * 1024,
            )  # fmt: skip
            return kdf.derive_phc_encoded(_bytes(password))

    def right(self, password: str, kept: str | None) -> bool:
        """Whether it is the password; for an account that has none, as much work and False."""
        with self._room:
            nobodys = self._nobodys  # made with the first login, whoever tries it
            try:
                Argon2id.verify_phc_encoded(_bytes(password), kept or nobodys)
            except InvalidKey:
                return False
        return kept is not None

    def check(self, password: str, user_id: str) -> None:
        """Raise WeakPasswordError for one that is too short or too long, of one letter, or made of the user's name."""
        least = self._rules.password_length
        if not least <= len(password) <= LONGEST:
            raise WeakPasswordError(
                f"A password has {least} to {LONGEST} characters: choose a longer one, such as a sentence.",
                zh=f"密码须为{least}到{LONGEST}个字符，建议用一句话。",
            )
        if len(set(password)) < 5 or user_id.lower() * 2 in password.lower() * 2:
            raise WeakPasswordError(
                "The password repeats few letters or is the user's name: choose another.",
                zh="密码字符重复过多或就是用户名，请另选一个。",
            )

    @cached_property
    def _nobodys(self) -> str:
        kdf = Argon2id(
            salt=secrets.token_bytes(SALT_BYTES), length=HASH_BYTES, iterations=self._rules.password_passes,
            lanes=LANES, memory_cost=self._rules.password_memory_mib * 1024,
        )  # fmt: skip
        return kdf.derive_phc_encoded(secrets.token_bytes(HASH_BYTES))


def _bytes(password: str) -> bytes:
    return password[: LONGEST * 4].encode("utf-8", "surrogatepass")
