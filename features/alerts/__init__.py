"""Saying so: what happened, once each, to Prefect's events, a webhook and e-mail.

Nothing is imported here, for every command reads the settings of :mod:`features.alerts.params`.
"""
