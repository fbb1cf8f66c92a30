"""The maths: encoder, fine-tuning, ESM, scorers, ranking metrics; arrays in, arrays out.

Nothing here knows of workspaces, files of ours, LanceDB, DVC or Prefect. Imports go one way:
``flows -> features -> models``.
"""
