"""What is measured at national scale, and how: ``make bench`` writes results.md."""
