"""What people look at: the report site, the overview, and rankings as Markdown, all from the same view models."""

from __future__ import annotations

from features.reports.markdown import overview_to_markdown, to_markdown
from features.reports.site import Contents, write_report

__all__ = ["Contents", "overview_to_markdown", "to_markdown", "write_report"]
