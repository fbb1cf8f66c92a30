"""What people look at: the report site and a ranking as Markdown, both from the one view model."""

from __future__ import annotations

from features.reports.markdown import to_markdown
from features.reports.site import write_report

__all__ = ["to_markdown", "write_report"]
