"""Settings: precedence, one clear line for every mistake, secrets never printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from serve.errors import SettingsError
from serve.settings import describe, load_settings


@pytest.fixture(autouse=True)
def empty_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TOUGU_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TOUGU_CONFIG", raising=False)
    return tmp_path / "home"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_no_file(empty_home: Path) -> None:
    settings = load_settings()
    assert settings.home == empty_home
    assert settings.url == f"sqlite:///{empty_home}/tougu.db"


def test_the_environment_beats_the_file_and_the_file_the_defaults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = write(tmp_path / "c.toml", "[leads]\nwindow_days = 7\nlease_s = 60\n")
    monkeypatch.setenv("TOUGU_LEADS__WINDOW_DAYS", "9")
    settings = load_settings(file)
    assert (settings.leads.window_days, settings.leads.lease_s) == (9, 60)


def test_the_file_in_home_is_found(empty_home: Path) -> None:
    write(empty_home / "tougu.toml", "[server]\nport = 9000\n")
    assert load_settings().server.port == 9000


def test_a_wrong_key_names_the_nearest_right_one(tmp_path: Path) -> None:
    file = write(tmp_path / "c.toml", "[leads]\nwindow_day = 7\n")
    with pytest.raises(SettingsError, match=r"leads\.window_day .*did you mean leads\.window_days\?"):
        load_settings(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[leads]\nwindow_days = 'soon'\n", "leads.window_days"),
        ("leads = [", "not valid TOML"),
        ("[server]\nport = 99999\n", "server.port"),
    ],
)
def test_a_bad_value_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load_settings(write(tmp_path / "c.toml", text))


def test_a_mistyped_variable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUGU_LEAD__WINDOW_DAYS", "9")
    with pytest.raises(SettingsError, match="TOUGU_LEAD__WINDOW_DAYS is not a setting"):
        load_settings()


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        load_settings(tmp_path / "absent.toml")


def test_every_setting_is_documented_and_secrets_stay_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUGU_DATABASE_URL", "postgresql+psycopg://u:hidden-word@localhost/x")
    rows = list(describe(load_settings()))
    assert all(field.description for _key, field, _value in rows), [k for k, f, _ in rows if not f.description]
    assert not any("hidden-word" in str(value) for _key, _field, value in rows)
