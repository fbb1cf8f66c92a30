"""What adding a source costs when the pool is large."""
