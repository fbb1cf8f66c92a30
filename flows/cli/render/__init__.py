"""What the command prints: rankings, tables, progress and errors.

On a terminal with colour and symbols; into a pipe or a file as plain aligned text, with names in full and no
control sequence. Names only ever pass as :class:`rich.text.Text`, never as markup.
"""

from __future__ import annotations

from flows.cli.render.error import print_error
from flows.cli.render.progress import progress_bar
from flows.cli.render.ranking import print_ranking
from flows.cli.render.table import print_table

__all__ = ["print_error", "print_ranking", "print_table", "progress_bar"]
