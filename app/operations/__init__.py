"""What whoever runs an office does beside the ledgers: copies that were tried, new keys, and an end for what had its time."""
