"""The archive of WeCom: which records are messages to clients, and how random keys are opened."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from copilot.messages.archive import JsonlArchive, LeftOut, SentMessage
from copilot.messages.errors import MessageArchiveError
from copilot.messages.wecom import (
    WeComArchive,
    WeComFile,
    messages_of,
    open_random_key,
    read_contacts,
    read_private_key,
)

CONTACTS = {"wmA": "C0003", "wmB": "C0004"}


def record(**changes: Any) -> dict[str, Any]:
    return {
        "msgid": "m1", "action": "send", "from": "A001", "tolist": ["wmA"], "roomid": "", "msgtime": 1795363200000,
        "msgtype": "text", "text": {"content": "您好"}, **changes,
    }  # fmt: skip


def test_a_text_of_staff_is_a_message() -> None:
    (found,) = messages_of(record(), CONTACTS)
    assert isinstance(found, SentMessage)
    assert (found.id, found.user_id, found.client_id, found.channel) == ("m1", "A001", "C0003", "wecom")
    assert found.sent_at.isoformat() == "2026-11-22T16:00:00+00:00"


def test_a_room_gives_one_for_each_client() -> None:
    found = list(messages_of(record(tolist=["wmA", "wmB", "A002"]), CONTACTS))
    assert [(each.id, getattr(each, "client_id", "")) for each in found] == [("m1/wmA", "C0003"), ("m1/wmB", "C0004")]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"action": "recall"}, "no_message"),
        ({"action": "switch"}, "no_message"),
        ({"from": "wmA", "tolist": ["A001"]}, "not_staff"),
        ({"tolist": ["A002"]}, "not_staff"),
        ({"msgtype": "image", "image": {}}, "not_text"),
        ({"tolist": ["wmZ"]}, "unknown_client"),
    ],
)
def test_what_is_left_out_says_why(changes: dict[str, Any], why: str) -> None:
    (found,) = messages_of(record(**changes), CONTACTS)
    assert isinstance(found, LeftOut)
    assert found.why == why


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def closed(key: rsa.RSAPrivateKey, text: str) -> str:
    return base64.b64encode(key.public_key().encrypt(text.encode(), padding.PKCS1v15())).decode()


class Sdk:
    """Gives records two at a time; what it "decrypts" is the record itself, if its random key was opened."""

    def __init__(self, key: rsa.RSAPrivateKey, records: list[dict[str, Any]]) -> None:
        self._all = [
            {"seq": n, "msgid": each["msgid"], "publickey_ver": 1, "encrypt_random_key": closed(key, f"random{n}"),
             "encrypt_chat_msg": json.dumps([f"random{n}", each])}
            for n, each in enumerate(records, 1)
        ]  # fmt: skip

    def get_chat_data(self, seq: int, limit: int) -> str:
        return json.dumps({"errcode": 0, "chatdata": [each for each in self._all if each["seq"] > seq][:2]})

    def decrypt_data(self, random_key: str, encrypted: str) -> str:
        wanted, inside = json.loads(encrypted)
        assert random_key == wanted
        return json.dumps(inside)


def test_fetches_opens_and_goes_on_where_it_was(key: rsa.RSAPrivateKey) -> None:
    records = [record(msgid=f"m{n}") for n in range(5)]
    archive = WeComArchive(Sdk(key, records), {1: key}, CONTACTS)
    assert [each.id for each in archive.read()] == ["m0", "m1", "m2", "m3", "m4"]
    assert archive.last == 5
    assert next(WeComArchive(Sdk(key, records), {1: key}, CONTACTS, after=4).read()).id == "m4"
    with pytest.raises(MessageArchiveError, match="public key 1"):
        list(WeComArchive(Sdk(key, records), {2: key}, CONTACTS).read())


def test_a_refusal_is_told(key: rsa.RSAPrivateKey) -> None:
    class Refusing(Sdk):
        def get_chat_data(self, seq: int, limit: int) -> str:
            return json.dumps({"errcode": 301042, "errmsg": "out of range"})

    with pytest.raises(MessageArchiveError, match="301042"):
        list(WeComArchive(Refusing(key, []), {1: key}, CONTACTS).read())


def test_another_key_opens_nothing(key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    wrong = closed(other, "\u00e9" * 8)
    with pytest.raises(MessageArchiveError, match="cannot be opened"):
        open_random_key("no base64!", key)
    with pytest.raises(MessageArchiveError, match="cannot be opened"):
        open_random_key(wrong, other)  # opened, and no key: not ASCII
    file = tmp_path / "key.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert open_random_key(closed(key, "abc"), read_private_key(file)) == "abc"
    with pytest.raises(MessageArchiveError, match="no readable private key"):
        read_private_key(tmp_path / "none.pem")


class TestFiles:
    def test_a_bad_line_names_itself(self, tmp_path: Path) -> None:
        file = tmp_path / "a.jsonl"
        file.write_text(json.dumps(record()) + "\n" + '{"msgid": "x", "action": "send"}\n', "utf-8")
        archive = WeComFile(file, CONTACTS)
        with pytest.raises(MessageArchiveError, match="line 2"):
            list(archive.read())

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("{", "no JSON in line 1"),
            ('{"id": "1"}', "wrong in line 1"),
            ('{"id":"1","from":"a","to":"c","sent_at":"2026-11-22T10:00:00","text":"x"}', "sent_at"),
            ('{"id":"1","from":"a","to":"c","sent_at":"2026-11-22T10:00:00Z","text":"x","more":1}', "more"),
        ],
    )
    def test_jsonl_is_strict(self, tmp_path: Path, line: str, said: str) -> None:
        file = tmp_path / "a.jsonl"
        file.write_text(line, "utf-8")
        with pytest.raises(MessageArchiveError, match=said):
            list(JsonlArchive(file).read())

    def test_contacts(self, tmp_path: Path) -> None:
        file = tmp_path / "c.csv"
        file.write_text("external_userid,client_id\nwmA,C0003\n", "utf-8")
        assert read_contacts(file) == {"wmA": "C0003"}
        file.write_text("external_userid,client_id\nwmA,\n", "utf-8")
        with pytest.raises(MessageArchiveError, match="line 2"):
            read_contacts(file)
