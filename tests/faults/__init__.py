"""Faults: real servers are killed, cut off and starved under traffic, and nobody may notice more than a pause."""
