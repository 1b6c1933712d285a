"""Release signatures of the shipped rule packs: a key is made, signs, and is thrown away; its public half stays.

    python scripts/sign_packs.py "tougu 0.1.0"

Run it as the last change of a release: any later edit of a pack makes the product refuse it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance_filters.rules.shelf import RELEASE_KEY, SHIPPED, PackShelf
from compliance_filters.rules.signatures import SUFFIX, public_pem, sign

PACKS = Path(__file__).resolve().parent.parent / "compliance_filters" / "packs"


def main(signer: str, folder: Path = PACKS) -> None:
    """Sign every shipped pack of a folder, then load them as the product does."""
    key = Ed25519PrivateKey.generate()
    for name in SHIPPED:
        made = sign((folder / name).read_bytes(), key, signer=signer)
        (folder / f"{name}{SUFFIX}").write_text(made.text(), encoding="utf-8")
    (folder / RELEASE_KEY).write_text(public_pem(key), encoding="ascii")
    PackShelf(shipped=folder)
    print(f"{', '.join(SHIPPED)} signed by {signer}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
