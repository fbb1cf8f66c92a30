"""Proposing which columns are the texts and which is the label, from their names and contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.reading.columns import find_path, item_columns, take
from features.reading.names_known import NO_HINT, WHOLE_NAME, label_rank, pairs_among, text_rank
from features.reading.profile import Profile, profile_of, profiles_of
from features.reading.table import Unparsed
from features.reading.wording import listed, shown
from models.errors import MappingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from features.reading.options import ReadOptions
    from features.reading.table import Table

__all__ = ["Choice", "propose"]


class Choice:
    """The text columns and the label column, with the reason for each."""

    def __init__(self, text: tuple[str, ...], label: str, why: dict[str, str]) -> None:
        self.text = text
        self.label = label
        self.why = why


def propose(table: Table, options: ReadOptions) -> Choice:
    """Choose text and label columns: the caller's word first, then names, then contents.

    Raises
    ------
    MappingError
        A named column is absent, or none or several are as likely as each other.
    """
    for name in options.text:
        find_path(table, name, "--text")
    if options.label is not None:
        find_path(table, options.label, "--label")
    if options.text and options.label is not None:
        return Choice(options.text, options.label, {"text": "as told", "label": "as told"})
    profiles = profiles_of(table)
    try:
        return _choose(table, profiles, options)
    except MappingError:
        # Rows may lie inside lists, one item each.
        items = item_columns(table)
        if not items:
            raise
        inner = [profile_of(take(table, [find_path(table, n, "--text")], Unparsed())[0], n) for n in items]
        try:
            return _choose(table, inner, options)
        except MappingError:
            pass
        raise


def _choose(table: Table, profiles: Sequence[Profile], options: ReadOptions) -> Choice:
    del table
    text, why_text = (options.text, "as told") if options.text else _choose_text(profiles, options)
    if options.label is not None:
        return Choice(text, options.label, {"text": why_text, "label": "as told"})
    label, why_label = _choose_label([p for p in profiles if p.name not in text], text)
    return Choice(text, label, {"text": why_text, "label": why_label})


def _choose_text(profiles: Sequence[Profile], options: ReadOptions) -> tuple[tuple[str, ...], str]:
    strings = [
        p for p in profiles if p.kind == "text" and p.filled and p.urls < 0.5 and p.name != options.label
    ]
    wants_pair = options.task is None or options.task.is_pair
    profile = {p.name: p for p in strings}
    pairs = [(a, b) for a, b in pairs_among(profile) if _are_texts(profile[a], profile[b])]
    if wants_pair and len(pairs) == 1:
        return pairs[0], "a pair by their names"
    prose = [p for p in strings if p.reads_like_text]
    known = [p for p in strings if text_rank(p.name) < WHOLE_NAME and not p.is_id]
    named = [p for p in known if text_rank(p.name) == 0 or p.variety > 0.05]
    if best := _best_named(named):
        return (best.name,), "by its name"
    # A second text that repeats (a hypothesis from a template) must not be overlooked in silence.
    wordy = [p for p in strings if p not in prose and p.words >= 4 and p.distinct > 10 and not p.is_id]
    if len(prose) == 1 and not wordy:
        return (prose[0].name,), f"the only column of prose, {prose[0].characters:.0f} characters on average"
    if best := _best_named([p for p in prose if text_rank(p.name) < NO_HINT]):
        return (best.name,), "by its name, among columns of prose"
    ranked = sorted(prose, key=lambda p: -p.characters)
    if len(ranked) > 1 and not wordy and ranked[0].characters > 3 * ranked[1].characters:
        return (ranked[0].name,), f"by far the longest text, {ranked[0].characters:.0f} characters on average"
    if not prose:
        loose = [p for p in strings if not p.is_id and p.variety > 0.2]
        if len(loose) == 1:
            return (loose[0].name,), "the only column of varied text"
    raise _unclear("text", [*prose, *wordy] or strings, profiles)


def _are_texts(a: Profile, b: Profile) -> bool:
    """Whether two columns that are a pair by name are texts, by name or content."""
    named = text_rank(a.name.rstrip("0123456789_abAB ")) < WHOLE_NAME or text_rank(a.name) < NO_HINT
    return named or (a.reads_like_text and b.reads_like_text)


def _best_named(profiles: Sequence[Profile]) -> Profile | None:
    """Find the column whose name ranks alone at the top."""
    ranked = sorted(profiles, key=lambda p: text_rank(p.name))
    if not ranked or (len(ranked) > 1 and text_rank(ranked[0].name) == text_rank(ranked[1].name)):
        return None
    return ranked[0]


def _choose_label(profiles: Sequence[Profile], text: tuple[str, ...]) -> tuple[str, str]:
    classes = [p for p in profiles if p.kind == "class"]
    if len(classes) == 1:
        return classes[0].name, "the publisher tells its class names"
    clear = [p for p in profiles if label_rank(p.name) < WHOLE_NAME and p.filled and p.kind != "other"]
    if clear:
        rank = min(label_rank(p.name) for p in clear)
        top = [p for p in clear if label_rank(p.name) == rank]
        if len(top) == 1:
            return top[0].name, "by its name"
        raise _unclear("label", top, profiles, text)
    likely = [p for p in profiles if p.reads_like_label]
    hinted = [p for p in likely if label_rank(p.name) < NO_HINT]
    if hinted:
        rank = min(label_rank(p.name) for p in hinted)
        top = [p for p in hinted if label_rank(p.name) == rank]
        if len(top) == 1:
            return top[0].name, "by a word in its name"
        raise _unclear("label", top, profiles, text)
    if len(likely) == 1:
        return likely[0].name, "the only other column that could hold labels"
    raise _unclear("label", likely, profiles, text)


def _unclear(
    what: str, candidates: Sequence[Profile], profiles: Sequence[Profile], text: tuple[str, ...] = ()
) -> MappingError:
    names = [p.name for p in candidates]
    example = _example(what, names or [p.name for p in profiles], text)
    if not profiles:
        found = f"There is no column besides {listed(text)} that could hold the {what}"
    elif names:
        found = f"It is not clear which column holds the {what}: {listed(names)} could"
    else:
        found = f"No column looks like the {what}; the columns are {listed((p.name for p in profiles), 40)}"
    return MappingError(found, consequence="nothing was read", next_step=f"name it, for example `{example}`")


def _example(what: str, names: Sequence[str], text: tuple[str, ...]) -> str:
    import shlex

    # Names are data: quoted for a shell, and escaped where they hold what a terminal obeys.
    def word(name: str) -> str:
        return shlex.quote(name) if name.isprintable() and len(name) <= 60 else shown(name)

    first = word(names[0]) if names else what.upper()
    if what == "text":
        return f"--text {first} --label COLUMN"
    told = ",".join(word(name) for name in text)
    return f"--text {told} --label {first}" if told else f"--label {first}"
