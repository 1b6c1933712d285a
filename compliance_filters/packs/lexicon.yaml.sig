{
  "key_id": "b4d41826a7946dd7",
  "signer": "tougu 0.1.0",
  "signed_at": "2026-11-23T13:13:39+00:00",
  "key": "5af488dbc57aa8cf7dfe055e3fcb8adb532c7e54f892660dab60a3586f5adf55",
  "sha256": "62e3d4937aee4ac77fa07d7ae4f87e0b2a5149871a89da0e99384d40bebb95bb",
  "signature": "daad49fbc49b2e6f6807c3479bf60ceaa6a0ce780188856f2be35dd0bb33d471cc8ac8a213067f1df2c4a565bf2f383475258f6fef533a08b63615c6db385300"
}
