"""What we know: datasets in, quality gate, artefact files, LanceDB store, registry, rankings, reports.

Every verb of the ``springboard`` command is a plain function in here or in :mod:`flows`; nothing here
imports prefect. Imports go one way: ``flows -> features -> models``.
"""
