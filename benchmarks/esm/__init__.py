"""ESMs of real sources: beside the reference's fit, and rank against size and ranking agreement."""
