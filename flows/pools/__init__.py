"""Which openly licensed datasets the shipped pools are made of, and making the pools."""
