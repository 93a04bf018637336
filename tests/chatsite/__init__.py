"""Composition: settings, health, headers, logs, the demo."""
