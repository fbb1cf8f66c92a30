"""Scorers that go by how well features fit labels; one file each."""
