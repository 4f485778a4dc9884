"""What all ledgers share; knows no ledger."""
