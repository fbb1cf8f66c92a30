"""What ingest keeps for scorers before the tuned weights are dropped, and beside the embeddings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from support.tiny_encoder import write_tiny
from support.workspaces import Team, add, change_params, ingest, write_rows

from features.artefacts.embeddings import embed_rows, make_embedding, read_centroid
from features.artefacts.encoders import encoder_of
from features.artefacts.files import read_arrays, read_arrays_card, read_table
from features.artefacts.kept import (
    read_fisher,
    read_head,
    read_token_counts,
    read_token_vectors,
    read_update,
    source_file,
)
from features.artefacts.plan import Plan
from features.artefacts.sentences import sentence_centroid
from features.artefacts.traces import make_target_traces
from features.registry import Entry, Kind
from features.workspace import Workspace
from models.errors import ArtefactError, ScoringError
from models.tuning import load_tuned


def _source(workspace: Workspace, name: str = "s1") -> tuple[Plan, Entry]:
    plan = Plan(workspace)
    return plan, plan.registry.get(Kind.SOURCE, name)


def test_the_head_is_the_tuned_models_own(team: Team) -> None:
    workspace = change_params(team.workspace, run={"keep_tuned_models": True})
    add(workspace, Kind.SOURCE, write_rows(team.files / "s4.csv", 4))
    ingest(workspace)
    plan, entry = _source(workspace, "s4")
    head = read_head(source_file(plan, entry), "s4")
    (folder,) = (workspace.root / "tuned_models").glob("s4-*")
    kept = load_tuned(str(folder), encoder_of(plan))
    np.testing.assert_array_equal(head.weight, kept.head.weight)
    np.testing.assert_array_equal(head.bias, kept.head.bias)
    assert head.classes == kept.head.classes == ("neg", "pos")
    # And so are the traces: taken again from the model that was kept, they are the same.
    from models.tuning.traces import trace

    rows = read_table(plan.path("datasets", entry.version))
    again = trace(
        encoder_of(plan), kept, rows["text_a"].to_list(), None, rows["label"].to_list(), entry.task
    ).to_arrays()
    arrays = read_arrays(source_file(plan, entry), list(again))
    for name, array in again.items():
        np.testing.assert_allclose(arrays[name].astype(float), array.astype(float), rtol=2e-2, atol=2e-3)


def test_a_regression_head_keeps_what_its_numbers_mean(team: Team) -> None:
    import polars as pl

    path = team.files / "numbers.csv"
    frame = pl.read_csv(write_rows(team.files / "plain.csv", 7))
    scores = pl.Series("label", [100.0 + 3.5 * number for number in range(len(frame))])
    frame.with_columns(scores).write_csv(path)
    add(team.workspace, Kind.SOURCE, path)
    ingest(team.workspace)
    plan, entry = _source(team.workspace, "numbers")
    head = read_head(source_file(plan, entry), "numbers")
    assert head.classes == ()
    assert head.weight.shape == (1, 32)
    assert head.label_mean == pytest.approx(scores.mean())
    assert head.label_std == pytest.approx(np.std(scores.to_numpy()))


def test_traces_are_of_the_encoders_linear_layers(team: Team) -> None:
    plan, entry = _source(team.workspace)
    fisher = read_fisher(source_file(plan, entry), "source 's1'")
    assert fisher.shape == (2 * (4 * 32 + 64 + 32),)
    assert fisher.max() > 0
    assert np.isfinite(fisher).all()
    update = read_update(source_file(plan, entry), "source 's1'")
    assert len(update.factors) == 12
    assert all(name.startswith("encoder.layer") for name in update.factors)
    facts = read_arrays_card(source_file(plan, entry)).facts
    assert 0 < facts["update"]["kept"] <= 1
    assert facts["fisher"]["note"] == facts["update"]["note"] == facts["head"]["note"] == ""


def test_a_model_tuned_elsewhere_without_a_head_says_what_it_lacks(team: Team, tmp_path: Path) -> None:
    # The same architecture with other weights altogether: neither its head nor its update mean anything here.
    other = write_tiny(tmp_path / "other", seed=8, cls="BertForSequenceClassification")
    add(
        team.workspace,
        Kind.SOURCE,
        write_rows(team.files / "s5.csv", 5),
        name="elsewhere",
        tuned_model=str(other),
    )
    ingest(team.workspace)
    plan, entry = _source(team.workspace, "elsewhere")
    path = source_file(plan, entry)
    with pytest.raises(
        ScoringError, match=r"'elsewhere' has no head \(a bert classifier does not stand on mean"
    ):
        read_head(path, "elsewhere")
    with pytest.raises(ScoringError, match=r"no Fisher information .*does not stand on mean"):
        read_fisher(path, "source 'elsewhere'")
    with pytest.raises(
        ScoringError, match=r"no update of weights .*differ from the base encoder's by 1\.\d times"
    ):
        read_update(path, "source 'elsewhere'")


def test_a_moments_file_of_another_make_is_not_guessed_at(team: Team) -> None:
    from features.artefacts.cards import Card
    from features.artefacts.files import write_arrays

    plan, entry = _source(team.workspace)
    path = source_file(plan, entry)
    arrays = read_arrays(path)
    write_arrays(path, arrays, Card("moments", path.stem, {}, {}, {"rows": 40}))
    with pytest.raises(ScoringError, match="says nothing of a head"):
        read_head(path, "s1")
    del arrays["head.bias"]
    facts = {"head": {"note": ""}, "classes": ["neg", "pos"]}
    write_arrays(path, arrays, Card("moments", path.stem, {}, {}, facts))
    with pytest.raises(ArtefactError, match="unreadable"):
        read_head(path, "s1")


def test_tokens_of_all_rows_are_counted_and_some_have_vectors(team: Team) -> None:
    plan, entry = _source(team.workspace)
    tokenizer = encoder_of(plan).tokenizer
    texts = read_table(plan.path("datasets", entry.version))["text_a"].to_list()
    expected = Counter(
        token
        for text in texts
        for token in tokenizer(text, add_special_tokens=False, truncation=True, max_length=30)["input_ids"]
    )
    counts = read_token_counts(plan, entry)
    assert dict(zip(counts.ids.tolist(), counts.counts.tolist(), strict=True)) == expected
    vectors = read_token_vectors(plan, entry)
    assert vectors.shape == (256, 32)
    card = read_arrays_card(plan.path("embeddings", plan.source_keys(entry).embedding))
    assert (card.facts["tokens"], card.facts["token_vectors"]) == (sum(expected.values()), 256)


def test_the_same_rows_give_the_same_tokens_as_source_and_as_target(team: Team) -> None:
    plan, entry = _source(team.workspace)
    add(team.workspace, Kind.TARGET, team.files / "s1.csv", name="same")
    plan = Plan(team.workspace)
    target = plan.registry.get(Kind.TARGET, "same")
    make_embedding(plan, target)
    np.testing.assert_array_equal(read_token_vectors(plan, target), read_token_vectors(plan, entry))
    np.testing.assert_array_equal(
        read_token_counts(plan, target).counts, read_token_counts(plan, entry).counts
    )
    np.testing.assert_allclose(read_centroid(plan, target), read_centroid(plan, entry), atol=1e-6)


def test_the_encoders_own_centroid_is_the_sentence_centroid_where_they_are_one(
    team: Team, tiny_encoder_folder: Path
) -> None:
    same = change_params(team.workspace, ranking={"sentence_encoder": str(tiny_encoder_folder)})
    plan, entry = _source(same)
    np.testing.assert_array_equal(sentence_centroid(plan, entry), read_centroid(plan, entry))
    assert not same.folder("sentences").exists() or not list(same.folder("sentences").iterdir())


def test_another_sentence_encoder_embeds_once_and_is_kept(team: Team, tmp_path: Path) -> None:
    folder = write_tiny(team.workspace.root / "sentences-encoder", seed=4, width=16)
    workspace = change_params(team.workspace, ranking={"sentence_encoder": folder.name})
    plan, entry = _source(workspace)
    found = sentence_centroid(plan, entry)
    from models.encoder import EncoderSettings, load_encoder

    rows = read_table(plan.path("datasets", entry.version))
    expected = embed_rows(load_encoder(EncoderSettings(str(folder), "mean", 32)), rows).mean(axis=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    (path,) = workspace.folder("sentences").glob("[!.]*")
    before = path.stat().st_mtime_ns
    np.testing.assert_array_equal(sentence_centroid(Plan(workspace), entry), found)
    assert path.stat().st_mtime_ns == before
    card = read_arrays_card(path)
    assert card.inputs == {"dataset": entry.version, "encoder": plan.sentence_encoder}
    assert card.facts["rows_embedded"] == len(rows)
    # The encoder of the rows is loaded still: the two do not take turns.
    assert encoder_of(plan) is encoder_of(plan)


def test_traces_of_a_target_are_those_of_the_same_rows_as_a_source(team: Team) -> None:
    add(team.workspace, Kind.TARGET, team.files / "s1.csv", name="same")
    plan, source = _source(team.workspace)
    target = plan.registry.get(Kind.TARGET, "same")
    key = make_target_traces(plan, target)
    path = plan.path("traces", key)
    np.testing.assert_allclose(
        read_fisher(path, "target"), read_fisher(source_file(plan, source), "source"), rtol=2e-2
    )
    before = path.stat().st_mtime_ns
    assert make_target_traces(Plan(team.workspace), target) == key
    assert path.stat().st_mtime_ns == before
    other = change_params(team.workspace, tuning={"epochs": 5})
    assert Plan(other).traces_key(target.version) != key
    assert not (team.workspace.root / "tuned_models").exists()
