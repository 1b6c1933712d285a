"""Settings: precedence, one clear line for every mistake, secrets never printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from serve.errors import SettingsError
from serve.settings import describe, load_settings, sources
from serve.settings_shown import shown_settings


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


def test_where_a_setting_is_from_and_that_no_secret_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "tougu.toml"
    file.write_text(
        '[server]\nport = 8700\n[chat]\nbase_url = "http://me:hidden@127.0.0.1:8000/v1"\nmodel = "m"\n'
        '[copilot.wecom]\ncorp_id = "ww1"\nagent_id = "1"\nsecret = "very-secret"\n', "utf-8"
    )  # fmt: skip
    monkeypatch.setenv("TOUGU_HOME", str(tmp_path))
    monkeypatch.setenv("TOUGU_LEADS__WINDOW_DAYS", "30")
    shown = {each.key: each for each in shown_settings(load_settings(file))}
    assert {key: shown[key].source for key in ("home", "leads.window_days", "server.port", "server.host")} == {
        "home": "environment", "leads.window_days": "environment", "server.port": "file", "server.host": "default",
    }  # fmt: skip
    assert (shown["leads.window_days"].value, shown["copilot.wecom.secret"].value) == ("30", "***")
    assert "hidden" not in shown["chat.base_url"].value
    assert "very-secret" not in repr(shown)


def test_a_home_that_nobody_set_is_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOUGU_HOME", raising=False)
    monkeypatch.setattr("serve.settings._config_path", lambda _config: None)
    assert dict(sources(load_settings()))["home"] == "default"
