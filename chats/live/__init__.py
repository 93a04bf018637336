"""The live core (design: docs/architecture.md). The database holds the truth; everything here may be lost."""
