"""What several rooms do together, way by way; the house (serve/wiring.py) is all of it."""
