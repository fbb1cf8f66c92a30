"""The audit log: who changed what and when, each line carrying the hash of the one before."""

from __future__ import annotations

from features.audit.covering import catch_up
from features.audit.log import acting, note
from features.audit.verifying import Problem, Verdict, verify
from features.audit.who import who

__all__ = ["Problem", "Verdict", "acting", "catch_up", "note", "verify", "who"]
