"""The demo: the whole story on bundled real data."""
