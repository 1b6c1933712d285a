"""Two processes that start together assemble once and both get the whole folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.models.made_up import FIRST, SECOND, write_packages

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys, time
from pathlib import Path
root, site, cache, log = sys.argv[1:]
sys.path[:0] = [root, site]
from models import registry
from models.whisper import join_parts
from tests.models.made_up import made_up_entry

def slow_join(entry, folder):
    with open(log, "a") as stream:
        stream.write("built\\n")
    time.sleep(0.5)
    join_parts(entry, folder)

registry.BUILDERS = {"join": slow_join}
store = registry.ModelStore(Path(cache), registry={"tiny": made_up_entry()})
print(store.path("tiny"))
"""


def test_two_processes_build_once(tmp_path: Path) -> None:
    write_packages(tmp_path / "site")
    log, cache = tmp_path / "log", tmp_path / "cache"
    command = [sys.executable, "-c", SCRIPT, str(ROOT), str(tmp_path / "site"), str(cache), str(log)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    printed = {process.communicate(timeout=60)[0].strip() for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(printed) == 1
    assert (Path(printed.pop()) / "model.bin").read_bytes() == FIRST + SECOND
    assert log.read_text() == "built\n"
    assert not list(cache.glob("*.tmp"))
