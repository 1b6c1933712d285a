"""Talks of advisors with the copilot: kept on the server, so that a page may come and go."""
