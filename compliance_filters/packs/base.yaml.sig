{
  "key_id": "c28a5efbdbe4b921",
  "signer": "tougu 0.1.0",
  "signed_at": "2026-11-22T19:32:46+00:00",
  "key": "875a4b8121eb5a51a0826cd932a426fdba44e5efaefc06d19b063e8e6cd6a907",
  "sha256": "3e1c9267f6c536692fd115dce5438a2c48625c19d362be444c29ee4bcef3e0fa",
  "signature": "9dd062cef9b3d09c56846d74edf18218dd46308ab3bac4d7d3900bdf697aac155f5c9707c729ef10b7e9b23333ee4cce70af54bd50420dd0a7e3fd17bf2b4d09"
}
