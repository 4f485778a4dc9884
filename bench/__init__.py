"""The measured workloads: each figure is a ratio to a floor of the same run."""
