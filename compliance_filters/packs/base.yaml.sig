{
  "key_id": "b4d41826a7946dd7",
  "signer": "tougu 0.1.0",
  "signed_at": "2026-11-23T13:13:39+00:00",
  "key": "5af488dbc57aa8cf7dfe055e3fcb8adb532c7e54f892660dab60a3586f5adf55",
  "sha256": "4d869229340bca10b36b3badb647e650af7bcdc6e441dd6265dd28cdf4505d72",
  "signature": "d4e028e1b8d8494295b1bbcb9ffbef7000c1e4a0e77f36d59e355660bcd45c130a59d0b402c5ad417fdc88e6fb3e0d33eac8c576cae148a7ca184348c8054f02"
}
