"""The virtual school's pages."""
