{
  "key_id": "36d05b6da37f9e6e",
  "signer": "tougu 0.1.0",
  "signed_at": "2026-11-23T21:53:56+00:00",
  "key": "e2a9254835b633f31490a0d8aef90ee3b4b00aef7d444ebff6fe4a8a37c5e270",
  "sha256": "7e67a4c485d440cb38c65ff1fc4eb1db8709d0b303aec9bd9b97cdf16e424d27",
  "signature": "cd2b7d9bb56c7fab873a85322e4a30a4dbdb15b8ab917dcd23be9b7a9443277b04cf8e8e3680ec21ff5d5649b518bb866295bed0b5f8faca8141a7b0161cab01"
}
