{
  "key_id": "cac317d6ccc0b80c",
  "signer": "tougu 0.1.0",
  "signed_at": "2026-11-23T13:15:28+00:00",
  "key": "52e34e02525b145d85bee69760371dd95feb7d041133038f7f8261a1282ebf9d",
  "sha256": "62e3d4937aee4ac77fa07d7ae4f87e0b2a5149871a89da0e99384d40bebb95bb",
  "signature": "64350600e82e43d698ed01d430c3214be55576600cc6eedefbb5a4ed5aee1a22df3412fd5dc48af2df37e898bd4faab511b5946ccb6be0efce22ec8c51ad0d03"
}
