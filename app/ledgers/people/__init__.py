"""People: who they are, and which offices may see them."""
