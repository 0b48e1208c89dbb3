"""The declared forms and what derives from a declaration without the database."""
