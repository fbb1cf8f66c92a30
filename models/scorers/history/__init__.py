"""Scorers that go by past transfer results; one file each."""
