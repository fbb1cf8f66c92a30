"""Scorers that go by what tuning did to the weights; one file each."""
