"""The composition root: settings, wiring, server, worker and command line."""
