{
  "key_id": "c28a5efbdbe4b921",
  "signer": "tougu 0.1.0",
  "signed_at": "2026-11-22T19:32:46+00:00",
  "key": "875a4b8121eb5a51a0826cd932a426fdba44e5efaefc06d19b063e8e6cd6a907",
  "sha256": "b517f49f0ac388ae2c61995baf259a38a3daef7d8417876abb16eda296c6fcf2",
  "signature": "7592ad020f79ca09be89fe5bc9a51809baed11736b363e144869bfa02df80da8189b3510fbbe64c5fcf3c03b3e09ece1f8fb79b21a5d5c7dbed23476056a640c"
}
