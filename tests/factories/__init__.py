"""Valid rows for tests; a test states only what matters to it."""
