"""How much memory an ingest takes beside its libraries."""
