"""Sections of the forms of 2026 that more than one phase asks alike."""
