"""Where the inbox lies and when what is in it is taken."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["InboxParams"]


class InboxParams(BaseModel):
    """The section ``inbox`` of params.yaml.

    ``sources`` and ``targets`` are folders, seen from the workspace, or null for none; what is put there is taken once
    it has been left alone for ``settle_seconds``. The hub is asked about a watched dataset every ``ask_hub_seconds`` at
    most, and waited for no longer than ``hub_timeout_seconds``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: str | None = Field(default="inbox/sources", min_length=1)
    targets: str | None = Field(default="inbox/targets", min_length=1)
    settle_seconds: float = Field(default=5.0, ge=0, le=3600)
    ask_hub_seconds: float = Field(default=60.0, ge=0)
    hub_timeout_seconds: float = Field(default=10.0, gt=0, le=120)
