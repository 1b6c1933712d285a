{
  "key_id": "2c67b7e52ffe856c",
  "signer": "tougu 0.1.0",
  "signed_at": "2026-11-22T19:23:11+00:00",
  "key": "3b2c1ba6c93d14eaceaaf37a3d0c1ea26ab5f88a1ace6c8d746680f2ec1efdfb",
  "sha256": "48a6c96ac6c496e15a87655b373e534b2254546aa07b1d6b1bead961107c2cd1",
  "signature": "10f83389097d3630fccff2d22af3628dbec5c9312c0da8d9aea4fb8377612976b24bc72c9f4afd63c7da5236276b804fcdc83bf9834cd772e0bb82ae822be10c"
}
