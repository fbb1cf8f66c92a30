"""What teams saw: results of real transfers reported, withdrawn, listed, and held against the advice of their time."""

from __future__ import annotations

from features.feedback.bulk import reports_from
from features.feedback.listing import feedback_records
from features.feedback.live import LiveReport, LiveTarget, live_report
from features.feedback.numbers import read_seed
from features.feedback.recording import Recorded, record_feedback, stale_through_feedback, withdraw_feedback
from features.feedback.reports import Report

__all__ = [
    "LiveReport",
    "LiveTarget",
    "Recorded",
    "Report",
    "feedback_records",
    "live_report",
    "read_seed",
    "record_feedback",
    "reports_from",
    "stale_through_feedback",
    "withdraw_feedback",
]
