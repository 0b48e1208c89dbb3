"""The authority's lists and the national register of schools, brought into the product.

Each list is a module with the same three steps, used by a command and by a page alike: ``read(file)`` understands it, ``plan(…)``
compares it with the register and says what would happen to each line, and ``apply(report, by=…)`` does exactly that.
"""
