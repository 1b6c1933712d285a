{
  "key_id": "9bf21a1014212daf",
  "signer": "tougu 0.1.0",
  "signed_at": "2026-11-23T18:04:45+00:00",
  "key": "f1b4aa570fba2730259a33c2d6901726aed49ae62ec31ebf560de2db73f3f685",
  "sha256": "0ca19a2d438662d86e13fbe949fa3e247d0914eacde96d265c7f847ab255b40f",
  "signature": "10281d37b2aedab139ee7c24bd79e30da9829eab0f6a6b57925fc9b11d09c1bdb9f10d133b04d7b12af06dad6c729bcfe88a2c97f63d269fc596dcf82ce0b70c"
}
