"""When and in what order: Prefect flows, schedules, events, and the ``springboard`` command."""
