"""What comes in by itself: inbox folders and a watch list, looked through at the beginning of every ingest."""
