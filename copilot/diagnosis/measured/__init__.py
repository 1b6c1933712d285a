"""Everything that was computed, by fund and by account, with what was withheld and why: the report's JSON."""
