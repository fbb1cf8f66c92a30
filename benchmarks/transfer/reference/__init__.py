"""The reference implementation on the same pairs: its ESMs, its LogME."""
