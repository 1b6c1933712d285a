{
  "key_id": "e30cc8e20cfdc685",
  "signer": "tougu 0.1.0",
  "signed_at": "2026-11-23T06:52:55+00:00",
  "key": "caebf8ca023b30e8ea6f478bbb763fdddf5102c8b23d1465afc7d0764d44980e",
  "sha256": "525765b94fe6c06d8b3977d329aa4d548c2001a0f7cc6620b5dee6e6ee4b026c",
  "signature": "ee93d478c2b57691df2650fac761539fbac3dd19806a7faebc8df1ec746258a849987e59cd195b8c953a48fc6b04c0a913289dbde72139bc78ef92df2ac8cf0c"
}
