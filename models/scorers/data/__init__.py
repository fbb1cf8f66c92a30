"""Scorers that go by the data alone, without the labels; one file each."""
