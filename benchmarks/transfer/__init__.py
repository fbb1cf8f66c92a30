"""The transfer benchmark: what fine-tuning on each source first really does for each target."""
