"""Households: who lives together, from which day to which, and one page for each of them."""
