"""Packs on file: signatures decide what is read, dates what is in force."""

from __future__ import annotations

import json
import shutil
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

from compliance_filters.errors import RulePackError
from compliance_filters.rules.pack import RulePack
from compliance_filters.rules.shelf import SHIPPED, PackShelf, load_pack
from compliance_filters.rules.signatures import Trust, write_key_pair, write_signature
from scripts.sign_packs import main as sign_release
from tests.compliance_filters.rules.test_rules import ENTRY

PACKS = Path(str(resources.files("compliance_filters") / "packs"))
SPRING, AUTUMN = date(2026, 3, 1), date(2026, 9, 30)


def written(folder: Path, name: str = "firm.yaml", **changes: Any) -> Path:
    data = {"name": "yuanshan", "version": "1", "rules": [ENTRY], **changes}
    path = folder / name
    path.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    return path


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return write_key_pair(tmp_path / "officer")


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    folder = tmp_path / "packs"
    folder.mkdir()
    for name in SHIPPED:
        shutil.copy(PACKS / name, folder / name)
    return folder


def adopted(shipped: Path, firm: Path, keys: tuple[Path, Path], folder: Path) -> Trust:
    """A firm that signed the shipped pack into a folder, and its own beside it."""
    for name in SHIPPED:
        write_signature(shipped / name, keys[0], signer="黎合规", folder=folder)
    write_signature(firm, keys[0], signer="黎合规")
    return Trust.read([keys[1]], folder)


class TestSignatures:
    def test_without_keys_none_is_demanded(self, tmp_path: Path, shipped: Path) -> None:
        assert PackShelf([written(tmp_path)], shipped=shipped).on(SPRING).rules["house.words"]

    def test_with_keys_every_pack_must_carry_one(self, tmp_path: Path, shipped: Path, keys: tuple[Path, Path]) -> None:
        firm = written(tmp_path)
        with pytest.raises(RulePackError, match=r"base\.yaml carries no signature"):
            PackShelf(shipped=shipped, trust=Trust.read([keys[1]], None))
        trust = adopted(shipped, firm, keys, tmp_path / "signatures")
        shelf = PackShelf([firm], shipped=shipped, trust=trust)
        assert [file.signers for file in shelf.files] == [("黎合规",)] * 3
        firm.with_name("firm.yaml.sig").unlink()
        with pytest.raises(RulePackError, match=r"firm\.yaml carries no signature"):
            PackShelf([firm], shipped=shipped, trust=trust)

    def test_another_persons_key_does_not_count(self, tmp_path: Path, shipped: Path, keys: tuple[Path, Path]) -> None:
        firm = written(tmp_path)
        trust = adopted(shipped, firm, keys, tmp_path / "signatures")
        stranger, _ = write_key_pair(tmp_path / "stranger")
        write_signature(firm, stranger, signer="黎合规")
        with pytest.raises(RulePackError, match="carries no signature by"):
            PackShelf([firm], shipped=shipped, trust=trust)

    @pytest.mark.parametrize("demanded", [True, False])
    def test_one_changed_byte_refuses_the_pack(
        self, tmp_path: Path, shipped: Path, keys: tuple[Path, Path], demanded: bool
    ) -> None:
        firm = written(tmp_path)
        trust = adopted(shipped, firm, keys, tmp_path / "signatures")
        firm.write_bytes(firm.read_bytes() + b" ")
        with pytest.raises(RulePackError, match="was changed after it was signed"):
            PackShelf([firm], shipped=shipped, trust=trust if demanded else None)

    @pytest.mark.parametrize("field", ["signer", "signed_at", "key", "sha256", "signature"])
    def test_nothing_in_a_signature_can_be_changed(self, tmp_path: Path, keys: tuple[Path, Path], field: str) -> None:
        firm = written(tmp_path)
        path = write_signature(firm, keys[0], signer="黎合规")
        said = json.loads(path.read_text("utf-8"))
        said[field] = said[field][:-1] + ("0" if said[field][-1] != "0" else "1")
        path.write_text(json.dumps(said), "utf-8")
        with pytest.raises(RulePackError, match="was changed after it was signed"):
            PackShelf([firm])

    @pytest.mark.parametrize("content", ["", "{}", "[]", '{"signer": 1}', "\x00"])
    def test_a_broken_signature_is_one_clear_error(self, tmp_path: Path, content: str) -> None:
        firm = written(tmp_path)
        firm.with_name("firm.yaml.sig").write_text(content, "utf-8")
        with pytest.raises(RulePackError, match="cannot be read"):
            PackShelf([firm])

    def test_a_release_signature_binds_the_shipped_pack(self, shipped: Path, keys: tuple[Path, Path]) -> None:
        sign_release("tougu 9.9", shipped)
        assert PackShelf(shipped=shipped).files[0].signers == ("tougu 9.9",)
        write_signature(shipped / "base.yaml", keys[0], signer="somebody")
        with pytest.raises(RulePackError, match="was changed after it was signed"):
            PackShelf(shipped=shipped)

    def test_a_firm_may_trust_the_release_key_itself(self, shipped: Path) -> None:
        sign_release("tougu 9.9", shipped)
        trust = Trust.read([shipped / "release.pub"], None)
        assert PackShelf(shipped=shipped, trust=trust).on(SPRING).rules
        (shipped / "lexicon.yaml").write_bytes((shipped / "lexicon.yaml").read_bytes() + b"\n")
        with pytest.raises(RulePackError, match="was changed"):
            PackShelf(shipped=shipped, trust=trust)

    def test_the_packs_of_this_release_are_what_was_signed(self) -> None:
        """Where the release is signed its packs carry the signature; a later edit fails here, and at every start."""
        signed = {name for name in SHIPPED if (PACKS / f"{name}.sig").is_file()}
        assert signed in (set(), set(SHIPPED))
        assert bool(signed) is (PACKS / "release.pub").is_file()
        assert all(bool(file.signers) is bool(signed) for file in PackShelf().files)

    def test_keys_are_not_overwritten_and_are_the_owners_alone(self, keys: tuple[Path, Path]) -> None:
        assert keys[0].stat().st_mode & 0o077 == 0
        with pytest.raises(RulePackError, match="not overwritten"):
            write_key_pair(keys[0].parent)

    def test_what_is_no_key_is_said_so(self, tmp_path: Path, keys: tuple[Path, Path]) -> None:
        with pytest.raises(RulePackError, match="no public key"):
            Trust.read([written(tmp_path)], None)
        with pytest.raises(RulePackError, match="no private key"):
            write_signature(written(tmp_path), keys[1], signer="x")


class TestDates:
    def test_a_pack_is_applied_from_its_first_to_its_last_day(self, tmp_path: Path) -> None:
        shelf = PackShelf([written(tmp_path, effective_from="2026-03-01", effective_to="2026-03-31")])
        days = [date(2026, 2, 28), SPRING, date(2026, 3, 31), date(2026, 4, 1)]
        assert ["house.words" in shelf.on(day).rules for day in days] == [False, True, True, False]
        assert "yuanshan" in shelf.on(SPRING).label
        assert "yuanshan" not in shelf.on(date(2026, 4, 1)).label

    def test_the_version_in_force_that_began_last_applies(self, tmp_path: Path) -> None:
        old = written(tmp_path, "old.yaml", effective_from="2026-02-01")
        new = written(tmp_path, "new.yaml", version="2", effective_from=AUTUMN, rules=[{**ENTRY, "outcome": "block"}])
        shelf = PackShelf([new, old])
        before, after = shelf.on(date(2026, 9, 29)), shelf.on(AUTUMN)
        assert (before.rule("house.words").outcome.word, after.rule("house.words").outcome.word) == ("return", "block")
        assert "+1 " in before.label
        assert "+2 " in after.label
        assert shelf.turns(SPRING) == (AUTUMN,)

    def test_a_rule_has_days_of_its_own(self, tmp_path: Path) -> None:
        shelf = PackShelf([written(tmp_path, rules=[{**ENTRY, "effective_from": "2026-09-30"}])])
        before, after = shelf.on(date(2026, 9, 29)), shelf.on(AUTUMN)
        assert "house.words" not in before.rules
        assert "house.words" in after.rules
        assert before.hash != after.hash
        assert after.effective_from == AUTUMN

    def test_before_its_day_a_replacement_leaves_the_shipped_rule(self, tmp_path: Path, pack: RulePack) -> None:
        stricter = {**ENTRY, "id": "endorsement", "outcome": "block", "effective_from": "2026-09-30"}
        shelf = PackShelf([written(tmp_path, rules=[stricter])])
        assert shelf.on(date(2026, 9, 29)).rule("endorsement").outcome is pack.rule("endorsement").outcome
        assert shelf.on(AUTUMN).rule("endorsement").outcome.word == "block"

    def test_a_rule_may_stand_twice_for_different_days_only(self, tmp_path: Path) -> None:
        first = {**ENTRY, "effective_to": "2026-09-29"}
        second = {**ENTRY, "law": "新规", "effective_from": "2026-09-30"}
        shelf = PackShelf([written(tmp_path, rules=[first, second])])
        assert [shelf.on(day).rule("house.words").law for day in (SPRING, AUTUMN)] == ["内控", "新规"]
        with pytest.raises(RulePackError, match="stands twice on one day"):
            PackShelf([written(tmp_path, rules=[ENTRY, second])])

    def test_between_two_changes_the_pack_is_the_same_object(self, tmp_path: Path) -> None:
        shelf = PackShelf([written(tmp_path, effective_from=AUTUMN)])
        assert shelf.on(SPRING) is shelf.on(date(2026, 9, 29))
        assert shelf.on(SPRING) is not shelf.on(AUTUMN)

    def test_a_fault_of_a_coming_version_shows_today(self, tmp_path: Path) -> None:
        coming = written(tmp_path, effective_from=AUTUMN, rules=[{**ENTRY, "outcome": "maybe"}])
        shelf = PackShelf([coming])
        assert shelf.on(SPRING).rules
        with pytest.raises(RulePackError, match="unknown outcome"):
            shelf.prepare(SPRING)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"effective_from": "soon"}, "is no day"),
            ({"effective_from": "2026-03-02", "effective_to": "2026-03-01"}, "lies before"),
            ({"rules": [{**ENTRY, "effective_to": 7}]}, "is no day"),
            ({"version": "1" * 200}, "shorten"),
        ],
    )
    def test_wrong_dates_and_labels_are_named(self, tmp_path: Path, changes: dict[str, Any], words: str) -> None:
        with pytest.raises(RulePackError, match=words):
            load_pack([written(tmp_path, **changes)], day=SPRING)

    def test_two_versions_of_one_day_contradict_each_other(self, tmp_path: Path) -> None:
        with pytest.raises(RulePackError, match="begin on the same day"):
            PackShelf([written(tmp_path, "a.yaml"), written(tmp_path, "b.yaml")])

    def test_before_the_shipped_pack_there_are_no_rules(self) -> None:
        with pytest.raises(RulePackError, match="no rule pack is in force"):
            load_pack(day=date(1999, 1, 1))
