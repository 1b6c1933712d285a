"""What diagnosis computes on, and where it comes from: NAV, benchmarks, rates, calendars, disclosures, accounts."""
