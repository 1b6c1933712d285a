{
  "key_id": "6c8945cc789134a0",
  "signer": "tougu 0.1.0",
  "signed_at": "2026-11-22T19:38:44+00:00",
  "key": "8e5de397c3c011596f74807ca195f187314567b15cae3f9bb30f5e24f6fc5792",
  "sha256": "b517f49f0ac388ae2c61995baf259a38a3daef7d8417876abb16eda296c6fcf2",
  "signature": "ba43baa2ce4f2377cea7a68dd11deaaa146cedecaaba58deefcbc96196a26cd099bbf8aced5baa9a722220c1cda808310ccebcec7cde9f2616f49fbfe6e8970d"
}
