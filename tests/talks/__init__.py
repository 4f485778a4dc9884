"""A ledger of five fields, as somebody would add it: talks for whoever comes. It exists in tests only, and has no template of its own."""
