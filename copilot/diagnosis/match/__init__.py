"""What a client could do about a finding: products of today's shelf within suitability, and doing nothing."""
