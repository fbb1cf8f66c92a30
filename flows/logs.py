"""What every line of a log has: the run, flow, source and target it is about, and no secret.

Lines are made by one factory, so this holds for every logger and every handler of the process, Prefect's server that is
sent the lines of a run among them. ``SPRINGBOARD_LOG=json`` makes each line of the console one JSON object.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from features.alerts.secrets import redacted, secrets_in_force

__all__ = ["AS_JSON", "JsonLines", "install", "json_line", "keep_secret", "remember_run", "wants_json"]

AS_JSON = "SPRINGBOARD_LOG"
"""Environment variable that chooses the form of log lines: ``json``, or Prefect's own."""

_SECRET_NAMES = re.compile(
    r"(?i)(token|password|passwd|secret|api_?key|access_?key|auth_string|credentials)$"
)
"""Variables that hold what must not be seen, whoever named them."""

_ABOUT = ("run", "flow", "task", "source", "target", "workspace")

_KEPT_RUNS = 1000
"""Runs whose source, target and workspace are known still when Prefect's engine speaks of them at their end."""

_secrets: tuple[str, ...] = ()
_of_runs: OrderedDict[str, dict[str, str]] = OrderedDict()
_named: set[str] = set()


def wants_json() -> bool:
    """Whether the console's lines are to be JSON."""
    return os.environ.get(AS_JSON, "").strip().casefold() == "json"


def keep_secret(names: Iterable[str]) -> None:
    """Mask the values of these environment variables from now on, beside those whose names tell what they are."""
    global _secrets
    _named.update(names)
    telling = {name for name in os.environ if _SECRET_NAMES.search(name)}
    _secrets = secrets_in_force(_named | telling)


def install() -> None:
    """Let every line from now on be as above; once or more often, after prefect's import, which sets up logging."""
    keep_secret(())
    if not isinstance(logging.getLogRecordFactory(), _Factory):
        logging.setLogRecordFactory(_Factory(logging.getLogRecordFactory()))
    if wants_json():
        for logger in (logging.getLogger(), *_loggers()):
            logger.handlers = [_as_json(handler) for handler in logger.handlers]


def _loggers() -> list[logging.Logger]:
    known = logging.Logger.manager.loggerDict.values()
    return [logger for logger in known if isinstance(logger, logging.Logger)]


def _as_json(handler: logging.Handler) -> logging.Handler:
    """A handler of the console with lines of JSON; any other as it is."""
    if not isinstance(handler, logging.StreamHandler) or handler.stream not in (sys.stderr, sys.stdout):
        return handler
    if isinstance(handler.formatter, JsonLines):
        return handler
    plain = logging.StreamHandler(handler.stream)
    plain.setLevel(handler.level)
    plain.setFormatter(JsonLines())
    if handler.name:
        plain.set_name(handler.name)  # Prefect finds its handlers by name when it sets levels anew.
    return plain


class _Factory:
    """Makes log records as another factory does, then masks them and says what they are about."""

    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._make(*args, **kwargs)
        try:
            record.springboard = _about()
            _mask(record)
        except Exception:
            # A line that cannot be dressed is better than none, and than a run that fails for it.
            record.msg, record.args = "(a line that could not be formatted)", ()
        return record


def _mask(record: logging.LogRecord) -> None:
    said = record.getMessage()
    masked = redacted(said, _secrets)
    if masked != said:
        record.msg, record.args = masked, ()
    if record.exc_info and record.exc_info[0] is not None:
        # Formatters take this text where there is one, and so never make it from the exception themselves.
        record.exc_text = redacted("".join(traceback.format_exception(*record.exc_info)).rstrip(), _secrets)


def _about() -> dict[str, str | None]:
    """What the code that runs now is about, by Prefect's contexts."""
    found: dict[str, str | None] = dict.fromkeys(_ABOUT)
    context = sys.modules.get("prefect.context")
    if context is None:
        return found
    flow, task = context.FlowRunContext.get(), context.TaskRunContext.get()
    if flow is not None and flow.flow_run is not None:
        found |= {"run": str(flow.flow_run.id), "flow": flow.flow.name if flow.flow else None}
        found |= _named_in(flow.parameters)
    if task is not None:
        found |= {"run": str(task.task_run.flow_run_id or found["run"]), "task": task.task_run.name}
        found |= _named_in(task.parameters)
    return found


def remember_run() -> None:
    """Keep what the run that this is called in is about, for the lines that are written when its contexts are left."""
    context = sys.modules.get("prefect.context")
    if context is None:
        return
    flow, task = context.FlowRunContext.get(), context.TaskRunContext.get()
    run = task.task_run if task is not None else flow.flow_run if flow is not None else None
    if run is None:
        return
    _of_runs[str(run.id)] = {
        name: value for name, value in _about().items() if name in _ABOUT[-3:] and value is not None
    }
    while len(_of_runs) > _KEPT_RUNS:
        _of_runs.popitem(last=False)


def _named_in(parameters: Mapping[str, Any] | None) -> dict[str, str]:
    return {
        name: value
        for name in ("source", "target", "workspace")
        if isinstance(value := (parameters or {}).get(name), str)
    }


class JsonLines(logging.Formatter):
    """A record as one line of JSON, with the same keys on every line; null where there is nothing."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        about: Mapping[str, str | None] = getattr(record, "springboard", {})
        known = {name: about.get(name) for name in _ABOUT}
        # Prefect's engine speaks of runs whose contexts it has left already.
        known["run"] = known["run"] or _text(record, "flow_run_id")
        known["flow"] = known["flow"] or _text(record, "flow_name")
        known["task"] = known["task"] or _text(record, "task_run_name")
        run = _text(record, "task_run_id") or _text(record, "flow_run_id")
        for name, value in _of_runs.get(run or "", {}).items():
            known[name] = known[name] or value
        error = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else None)
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **known,
            "error": error,
        }
        return json.dumps(line, default=str)


def json_line(logger: str, text: str) -> str:
    """What somebody wants said beside all loggers, as a line like theirs."""
    record = _Factory(logging.LogRecord)(logger, logging.INFO, "", 0, text, (), None)
    return JsonLines().format(record)


def _text(record: logging.LogRecord, name: str) -> str | None:
    value = getattr(record, name, None)
    return None if value in (None, "<unknown>") else str(value)
