"""Scorers that go by several sources together; one file each."""
