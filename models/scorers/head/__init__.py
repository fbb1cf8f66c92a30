"""Scorers that go by what the source model predicts for the target; one file each."""
