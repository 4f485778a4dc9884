"""Services offered to newlyweds and during pregnancy, as far as people want them and want them written down."""
