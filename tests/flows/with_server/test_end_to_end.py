"""The whole way on real parts: MiniLM, Great Expectations, DVC, LanceDB and Prefect, over real datasets.

The datasets are bundled samples of real ones; three are in the shapes their authors published: a semicolon file
with a byte order mark, a headerless TSV with stray quotes, and a CSV whose column names begin with a space.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from support.workspaces import change_params

from features.artefacts.files import read_arrays_card
from features.artefacts.plan import Plan
from features.intake import AddOptions, add_dataset
from features.publishing import open_store, rebuild_store
from features.rankings import shown_ranking, stale_targets
from features.reading import ReadOptions
from features.registry import Kind
from features.workspace import Workspace, init_workspace

pytestmark = pytest.mark.long

SOURCES = {
    "emobank": ("emobank_valence.csv", ReadOptions()),
    "news": ("vader_nyt.tsv", ReadOptions()),
    "crisis": ("crisislex_informativeness.csv", ReadOptions()),
    "nli": ("cad_nli.parquet", ReadOptions()),
    "intents": ("clinc150.jsonl", ReadOptions(text=("utterance",), label="annotation.intent")),
}


def demo_file(name: str) -> str:
    import flows.demo

    return str(Path(flows.demo.__path__[0]) / "data" / name)


def _git(workspace: Workspace, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=workspace.root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _ingest(workspace: Workspace, names: list[str] | None = None) -> dict:  # type: ignore[type-arg]
    from flows.ingest import ingest

    return ingest(names=names, workspace=str(workspace.root))


def _refresh(workspace: Workspace, **options: object) -> dict:  # type: ignore[type-arg]
    from flows.refresh import refresh

    return refresh(workspace=str(workspace.root), **options)


@pytest.fixture(scope="module")
def story(prefect_server: None, tmp_path_factory: pytest.TempPathFactory) -> dict:  # type: ignore[type-arg]
    """Ingest, rank, add one more source, rank again; what each step said is kept for the tests."""
    workspace = change_params(
        init_workspace(tmp_path_factory.mktemp("end-to-end") / "workspace"),
        tuning={"max_steps": 3, "batch_size": 8, "learning_rate": 1e-4},
        caps={"source_rows": 48, "target_rows": 48},
        ranking={"jackknife_groups": 5},
        run={"retries": 0, "retry_delay_seconds": 0},
    )
    told: dict = {"workspace": workspace}  # type: ignore[type-arg]
    for name, (file, options) in SOURCES.items():
        if name != "intents":
            add_dataset(workspace, Kind.SOURCE, demo_file(file), AddOptions(read=options, name=name))
    add_dataset(workspace, Kind.TARGET, demo_file("vader_tweets.parquet"), AddOptions(name="tweets"))
    copy = workspace.root.parent / "leak.parquet"
    shutil.copyfile(demo_file("vader_tweets.parquet"), copy)
    add_dataset(workspace, Kind.SOURCE, str(copy), AddOptions(name="leak"))
    told["first_ingest"] = _ingest(workspace)
    told["stale_after_ingest"] = stale_targets(Plan(workspace))
    told["first_refresh"] = _refresh(workspace)
    told["first"] = shown_ranking(workspace, "tweets", "logme", Plan(workspace).encoder)
    told["commit"] = _git(workspace, "rev-parse", "HEAD")
    told["again"] = (_ingest(workspace), _refresh(workspace), _git(workspace, "rev-parse", "HEAD"))
    file, options = SOURCES["intents"]
    add_dataset(workspace, Kind.SOURCE, demo_file(file), AddOptions(read=options, name="intents"))
    told["second_ingest"] = _ingest(workspace)
    told["second_refresh"] = _refresh(workspace)
    told["second"] = shown_ranking(workspace, "tweets", "logme", Plan(workspace).encoder)
    return told


def test_every_source_becomes_ready_and_the_target_is_ranked(story: dict) -> None:  # type: ignore[type-arg]
    assert sorted(story["first_ingest"]["made"]) == ["crisis", "emobank", "leak", "news", "nli"]
    assert story["first_ingest"]["failed"] == {}
    assert story["stale_after_ingest"] == ["tweets"]
    assert story["first_refresh"]["changed"] == ["tweets"]
    rows = story["first"]["ranking"]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    assert {row["source"] for row in rows} == {"crisis", "emobank", "news", "nli"}
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert all(row["stderr"] > 0 for row in rows)
    assert rows[0]["tier"] == 1


def test_a_copy_of_the_target_is_excluded_and_never_ranked(story: dict) -> None:  # type: ignore[type-arg]
    for when in ("first", "second"):
        (excluded,) = story[when]["excluded"]
        assert excluded["source"] == "leak"
        assert "100" in excluded["reason"]
        assert "leak" not in {row["source"] for row in story[when]["ranking"]}


def test_a_doubled_schedule_changes_nothing(story: dict) -> None:  # type: ignore[type-arg]
    ingest, refresh, commit = story["again"]
    assert ingest["made"] == []
    assert refresh["changed"] == []
    assert refresh["computed"] == 0
    assert commit == story["commit"]


def test_one_more_source_computes_only_what_is_new(story: dict) -> None:  # type: ignore[type-arg]
    assert story["second_ingest"]["made"] == ["intents"]
    # One score and one jackknife for the one new pair.
    assert story["second_refresh"]["computed"] == 2
    first = {row["source"]: row for row in story["first"]["ranking"]}
    for row in story["second"]["ranking"]:
        if row["source"] == "intents":
            assert row["previous_rank"] is None
        else:
            assert row["previous_rank"] == first[row["source"]]["rank"]
            assert row["score"] == first[row["source"]]["score"]
    assert story["second"]["previous_ranking_id"] == story["first"]["ranking_id"]


def test_the_past_is_still_there(story: dict) -> None:  # type: ignore[type-arg]
    from features.rankings.history import moment_of

    workspace = story["workspace"]
    then = moment_of(workspace, story["commit"])
    shown = shown_ranking(workspace, "tweets", "logme", Plan(workspace).encoder, then)
    assert shown is not None
    assert shown["ranking_id"] == story["first"]["ranking_id"]
    frame = open_store(Plan(workspace)).get("ranking", ["tweets"], as_of=then)
    assert json.loads(frame["body"][0])["ranking_id"] == story["first"]["ranking_id"]


def test_the_tuned_model_is_dropped_and_the_cards_say_how_things_were_made(story: dict) -> None:  # type: ignore[type-arg]
    workspace = story["workspace"]
    assert not (workspace.root / "tuned_models").exists()
    plan = Plan(workspace)
    source = plan.registry.get(Kind.SOURCE, "nli")
    keys = plan.source_keys(source)
    moments = read_arrays_card(plan.path("moments", keys.moments))
    assert moments.inputs == {"dataset": source.version, "encoder": plan.encoder, "tuned_model": None}
    assert moments.settings["tuning"]["max_steps"] == 3
    assert moments.facts["classes"] == ["contradiction", "entailment", "neutral"]
    esm = read_arrays_card(plan.path("esms", keys.esm))
    assert esm.inputs["moments"] == keys.moments
    assert esm.facts["heldout_error"] < esm.facts["identity_error"]


def test_a_rebuild_gives_the_same_rows_and_ranking_ids(story: dict) -> None:  # type: ignore[type-arg]
    workspace = story["workspace"]
    plan = Plan(workspace)
    before = {
        view: open_store(plan).keys(view) for view in ("esm", "score", "ranking", "centroid", "row_embedding")
    }
    shutil.rmtree(workspace.root / "store")
    rebuild_store(plan)
    assert {view: open_store(plan).keys(view) for view in before} == before
    assert story["second"]["ranking_id"] in before["ranking"]


def test_dvc_and_git_hold_every_artefact(story: dict, tmp_path: Path) -> None:  # type: ignore[type-arg]
    from features.record.dvc import dvc

    workspace = story["workspace"]
    assert _git(workspace, "status", "--porcelain") == ""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(workspace.root), str(clone)], check=True)
    dvc(clone, "remote", "add", "--local", "-d", "here", str(workspace.root / "dvc-remote"))
    dvc(clone, "pull")
    for kind in ("datasets", "embeddings", "moments", "esms", "scores", "rankings", "sketches"):
        originals = sorted(path.name for path in workspace.folder(kind).iterdir())
        assert sorted(path.name for path in (clone / "data" / kind).iterdir()) == originals
        for name in originals:
            assert (clone / "data" / kind / name).read_bytes() == (workspace.folder(kind) / name).read_bytes()
    shown = shown_ranking(Workspace(clone), "tweets", "logme", Plan(Workspace(clone)).encoder)
    assert shown is not None
    assert shown["ranking_id"] == story["second"]["ranking_id"]


def test_the_pages_and_data_docs_are_written(story: dict) -> None:  # type: ignore[type-arg]
    workspace = story["workspace"]
    page = Path(story["second_refresh"]["report"])
    text = page.read_text(encoding="utf-8")
    assert "tweets" in text
    assert (workspace.data_docs / "index.html").exists()


def test_parameters_are_validated(prefect_server: None) -> None:
    from prefect.exceptions import ParameterTypeError

    from flows.ingest import ingest

    with pytest.raises(ParameterTypeError):
        ingest(names="not a list")  # type: ignore[arg-type]
