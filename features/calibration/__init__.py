"""Expected gains: evidence of past transfers kept, put together and fitted, and told beside a ranking's scores."""

from __future__ import annotations
