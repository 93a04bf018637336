"""The bench: what a stored and shown message costs, beside its references from the same minute and generator."""
