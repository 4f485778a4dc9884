"""Families: marriages and deaths as they are entered and approved, and what follows from them."""
