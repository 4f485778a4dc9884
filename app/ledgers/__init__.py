"""One folder per ledger, always the same words: models, rules, engine, views, sheet."""
