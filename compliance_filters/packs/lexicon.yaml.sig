{
  "key_id": "0fe20e23970de0b8",
  "signer": "tougu 0.1.0",
  "signed_at": "2026-11-23T13:49:03+00:00",
  "key": "7911524fa8eba32ae7bfd1b26d52c95d7efc78ebda2cc1c9552a549ba1f03b2f",
  "sha256": "0ca19a2d438662d86e13fbe949fa3e247d0914eacde96d265c7f847ab255b40f",
  "signature": "1482efca15109310ff5df8f174394662e75b5e23a16d37abd6f24db0c52d78cd8cab89c993fb8cabd58a3004ca3c40d709759e7efb26ef9dc3998a030a1de10b"
}
