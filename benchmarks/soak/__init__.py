"""Left alone with minute schedules, fed and killed now and then: does it end as it should? ``make soak``."""

from __future__ import annotations
