"""Exchanging ESMs with `hf-dataset-selector`, proved by running it."""
