"""The archive of WeCom (企业微信会话内容存档): decrypted records to messages, and how records are fetched and opened.

Tencent's SDK is a C library (libWeWorkFinanceSdk_C) that a firm gets with its contract; it stands behind `WeComSdk`.
Each record comes with a random key under the firm's RSA key (PKCS #1 v1.5, as the interface prescribes); opening
that is done here, the rest by the SDK. Source: https://developer.work.weixin.qq.com/document/path/91774
"""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from copilot.messages.archive import LONGEST, LeftOut, SentMessage, json_lines
from copilot.messages.errors import MessageArchiveError

EXTERNAL = ("wo", "wm", "wb")  # how ids of people outside the firm begin, robots among them
CHANNEL = "wecom"
MOST = 1000  # records of one request, as the interface allows


class WeComSdk(Protocol):
    """The SDK as the firm's licence gives it. Both raise MessageArchiveError."""

    def get_chat_data(self, seq: int, limit: int) -> str:
        """JSON with `chatdata`: records after `seq`, at most `limit`, each with seq, msgid, publickey_ver,
        encrypt_random_key and encrypt_chat_msg."""
        ...

    def decrypt_data(self, random_key: str, encrypted: str) -> str:
        """The record as JSON, opened with its random key."""
        ...


class WeComArchive:
    """Fetches records from a sequence number on, and opens them."""

    def __init__(
        self, sdk: WeComSdk, keys: Mapping[int, rsa.RSAPrivateKey], contacts: Mapping[str, str], *, after: int = 0
    ) -> None:
        """keys: by `publickey_ver`. contacts: external user id to client id. after: the last sequence number taken."""
        self._sdk, self._keys, self._contacts = sdk, keys, contacts
        self.last = after  # of what was read so far: begin there the next time

    def read(self) -> Iterator[SentMessage | LeftOut]:
        """See MessageArchive."""
        while records := _chat_data(self._sdk.get_chat_data(self.last, MOST)):
            for record in records:
                yield from messages_of(self._opened(record), self._contacts)
                self.last = int(record["seq"])

    def _opened(self, record: Mapping[str, Any]) -> Any:
        version = int(record["publickey_ver"])
        if version not in self._keys:
            raise MessageArchiveError(
                f"A record is under the public key {version}, whose private key is not given: name its file."
            )
        key = open_random_key(str(record["encrypt_random_key"]), self._keys[version])
        return json.loads(self._sdk.decrypt_data(key, str(record["encrypt_chat_msg"])))


class WeComFile:
    """Records that were decrypted already, one JSON object a line."""

    def __init__(self, path: Path, contacts: Mapping[str, str]) -> None:
        self._path, self._contacts = path, contacts

    def read(self) -> Iterator[SentMessage | LeftOut]:
        """See MessageArchive."""
        for number, record in json_lines(self._path):
            try:
                yield from messages_of(record, self._contacts)
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                raise MessageArchiveError(
                    f"{self._path} has no WeCom record in line {number} ({type(error).__name__}): it needs msgid, "
                    "action, from, tolist, msgtime and msgtype."
                ) from error


def messages_of(record: Mapping[str, Any], contacts: Mapping[str, str]) -> Iterator[SentMessage | LeftOut]:
    """One message for each client who got a decrypted record; what is no text of staff is left out and said why.

    Raises KeyError, TypeError or ValueError for what is no record.
    """
    msgid = str(record["msgid"])
    if record.get("action") != "send":  # recall, switch
        yield LeftOut(id=msgid, why="no_message")
        return
    sender, outside = str(record["from"]), [str(to) for to in record["tolist"] if str(to).startswith(EXTERNAL)]
    if sender.startswith(EXTERNAL) or not outside:
        yield LeftOut(id=msgid, why="not_staff")
        return
    if record["msgtype"] != "text":
        yield LeftOut(id=msgid, why="not_text")
        return
    sent_at = datetime.fromtimestamp(int(record["msgtime"]) / 1000, UTC)
    text = str(record["text"]["content"])[:LONGEST]
    for to in outside:
        if (client_id := contacts.get(to)) is None:
            yield LeftOut(id=f"{msgid}/{to}", why="unknown_client")
        else:
            yield SentMessage(
                id=f"{msgid}/{to}" if len(outside) > 1 else msgid, user_id=sender, client_id=client_id,
                sent_at=sent_at, text=text, channel=CHANNEL,
            )  # fmt: skip


def open_random_key(encrypted: str, key: rsa.RSAPrivateKey) -> str:
    """The random key of a record. Raises MessageArchiveError where another key closed it."""
    try:
        return key.decrypt(base64.b64decode(encrypted, validate=True), padding.PKCS1v15()).decode("ascii")
    except ValueError as error:  # binascii's and decode's are among them
        raise MessageArchiveError(
            "A record's random key cannot be opened: the private key is not the one of its public key's version."
        ) from error


def read_private_key(path: Path, password: bytes | None = None) -> rsa.RSAPrivateKey:
    """An RSA private key in PEM. Raises MessageArchiveError."""
    try:
        key = load_pem_private_key(path.read_bytes(), password)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise MessageArchiveError(f"{path} holds no readable private key: name an RSA key in PEM.") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise MessageArchiveError(f"{path} holds no RSA key: the archive closes its records with RSA.")
    return key


def read_contacts(path: Path) -> dict[str, str]:
    """External user ids to client ids, from a CSV with the columns external_userid and client_id."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return dict(_pairs(csv.DictReader(file), path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise MessageArchiveError(f"{path} cannot be read ({error}): name a CSV file in UTF-8.") from error


def _pairs(rows: Iterable[Mapping[str, str | None]], path: Path) -> Iterator[tuple[str, str]]:
    for number, row in enumerate(rows, 2):
        outside, client_id = row.get("external_userid"), row.get("client_id")
        if not outside or not client_id:
            raise MessageArchiveError(f"{path} lacks external_userid or client_id in line {number}: fill it in.")
        yield outside, client_id


def _chat_data(answer: str) -> list[Mapping[str, Any]]:
    told = json.loads(answer)
    if told.get("errcode", 0):
        raise MessageArchiveError(
            f"WeCom refused to give records (errcode {told['errcode']}): {told.get('errmsg', '')}."
        )
    return list(told.get("chatdata", ()))
