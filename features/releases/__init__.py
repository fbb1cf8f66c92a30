"""Releases: what each holds, what one changed, going back to one, keeping a target at one, and DVC's remotes."""

from __future__ import annotations
