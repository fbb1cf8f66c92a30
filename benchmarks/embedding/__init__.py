"""How fast texts are embedded, beside padding to 128 tokens and beside sentence-transformers."""
