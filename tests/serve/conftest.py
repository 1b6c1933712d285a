"""A house with the sample's people and a few documents; no weights: the hash encoder and the intent rules."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from compliance_filters.settings import ComplianceSettings
from intent.settings import IntentSettings
from jobs.settings import JobSettings
from models.settings import ModelSettings
from serve.app import create_app
from serve.sample import import_people, sample_folder
from serve.settings import Settings
from serve.users import OPERATOR
from serve.wiring import House

SAMPLE_DOCUMENTS = (
    "key_facts/990001.md",
    "reports/990002_2026Q3.html",
    "rules/赎回到账时间-2025版.md",
    "rules/赎回到账时间-2026版.md",
    "rules/风险测评.md",
    "rules/风险测评常见问题.md",
)
OWN_DOCUMENTS = {
    "secret.md": "---\ntitle: 内部纪要\ntype: research\nlabels: [research]\n---\n# 内部纪要\n\n目标换手率为每年45%。\n",
    "markup.md": "---\ntitle: 页面<b>转义</b>说明\ntype: rule\n---\n# 说明\n\n"
    "页面里写着 <script>alert(1)</script> 也只是文字。\n",
}
FEE = "云岭稳健增利的管理费率是多少"


def settings_of(home: Path) -> Settings:
    return Settings(
        home=home,
        models=ModelSettings(encoder_kind="hash"),
        compliance=ComplianceSettings(profile="rules"),
        intent=IntentSettings(method="rules"),
        jobs=JobSettings(idle_s=0.02, backoff_base_s=0.01, backoff_cap_s=0.02),
    )


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of documents: some of the sample, one with a label, one full of markup."""
    folder = tmp_path_factory.mktemp("documents")
    for name in SAMPLE_DOCUMENTS:
        shutil.copyfile(sample_folder() / "documents" / name, folder / Path(name).name)
    for name, text in OWN_DOCUMENTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, documents: Path) -> Path:
    """A home with people, products, NAV of one fund and the documents, made once; tests work on copies."""
    home = tmp_path_factory.mktemp("furnished") / "home"
    (home / "nav").mkdir(parents=True)
    for name in ("990002.csv", "benchmark.csv"):
        shutil.copyfile(sample_folder() / "funds" / "nav" / name, home / "nav" / name)
    made = House(settings_of(home))
    import_people(made)
    report = made.sync(documents, delete=False, principal=OPERATOR, progress=lambda *_: None)
    assert report.failed == ()
    made.close()
    return home


@pytest.fixture
def home(tmp_path: Path, furnished: Path) -> Path:
    shutil.copytree(furnished, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def settings(home: Path) -> Settings:
    return settings_of(home)


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    made = House(settings)
    yield made
    made.close()


@pytest.fixture
def client(house: House) -> TestClient:
    return client_of(house)


def api_routes(app: FastAPI) -> Iterator[APIRoute]:
    """Every route of the application; FastAPI keeps those of a router that was included inside it."""
    for each in app.routes:
        for route in getattr(getattr(each, "original_router", None), "routes", [each]):
            if isinstance(route, APIRoute):
                yield route


def client_of(house: House) -> TestClient:
    return TestClient(create_app(house), base_url="http://127.0.0.1")


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What one command left behind."""

    code: int
    out: str
    err: str


Tougu = Callable[..., Ran]


@pytest.fixture
def hash_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Settings by environment: an empty home, no weights. Returns the home."""
    home = tmp_path / "home"
    monkeypatch.setenv("TOUGU_HOME", str(home))
    monkeypatch.setenv("TOUGU_MODELS__ENCODER_KIND", "hash")
    monkeypatch.setenv("TOUGU_COMPLIANCE__PROFILE", "rules")
    monkeypatch.setenv("TOUGU_INTENT__METHOD", "rules")
    monkeypatch.delenv("TOUGU_CONFIG", raising=False)
    return home


@pytest.fixture
def tougu(
    hash_environment: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Tougu]:
    """Runs the command line in this process, as the console script does."""
    from serve.cli import main

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["tougu", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        out, err = capsys.readouterr()
        return Ran(code=code, out=out, err=err)

    yield run
    root.handlers[:], root.level = handlers, level
