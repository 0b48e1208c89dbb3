"""The form for Years 7 to 11 of 2026."""
