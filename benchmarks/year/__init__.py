"""An authority lived through a year, day by day, by the product's own night's work and functions, and checked after every day."""
