"""How fast sources are scored: beside the reference, end to end, and how it grows."""
