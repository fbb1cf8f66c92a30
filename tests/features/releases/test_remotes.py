"""Artefacts to a remote and into a clone: a folder, and S3 as moto plays it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.releases import Story

from features.record.dvc import dvc
from features.releases.artefacts import Artefacts, refuse_missing
from features.releases.remotes import pull_artefacts, push_artefacts
from features.releases.restoring import Restored
from features.workspace import Workspace
from models.errors import ArtefactError, RecordError


def _clone(story: Story, folder: Path) -> Workspace:
    subprocess.run(["git", "clone", "-q", str(story.workspace.root), str(folder)], check=True)
    return Workspace(folder.resolve())


def _config(workspace: Workspace, name: str, url: str, **options: str) -> None:
    """A remote of this machine alone, written as `dvc remote add --local -d` would."""
    lines = ["[core]", f"    remote = {name}", f"""['remote "{name}"']""", f"    url = {url}"]
    lines += [f"    {key} = {value}" for key, value in options.items()]
    (workspace.root / ".dvc" / "config.local").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _files(workspace: Workspace) -> dict[str, bytes]:
    folder = workspace.folder("rankings")
    return {path.name: path.read_bytes() for path in folder.glob("*.json")} if folder.is_dir() else {}


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, str]]:
    """An S3 server on the loopback, with one bucket; options of a remote for it."""
    pytest.importorskip("dvc_s3", reason="dvc-s3 is not installed: S3 was not tried")
    server_of = pytest.importorskip("moto.server", reason="moto is not installed: S3 was not tried")
    import logging

    import boto3

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options = {
        "endpointurl": f"http://{host}:{port}",
        "access_key_id": "key",
        "secret_access_key": "secret",
        "region": "us-east-1",
    }
    client = boto3.client(
        "s3",
        endpoint_url=options["endpointurl"],
        aws_access_key_id=options["access_key_id"],
        aws_secret_access_key=options["secret_access_key"],
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="team-artefacts")
    yield options
    server.stop()


def test_a_clone_has_every_byte_from_s3(story: Story, bucket: dict[str, str], tmp_path: Path) -> None:
    _config(story.workspace, "s3", "s3://team-artefacts/springboard", **bucket)
    sent = push_artefacts(story.workspace)
    assert sent.files > 2
    clone = _clone(story, tmp_path / "clone")
    _config(clone, "s3", "s3://team-artefacts/springboard", **bucket)
    # Every kind of artefact has a list of its files, and they are fetched from there.
    done = pull_artefacts(clone)
    assert done.files == done.put == 2
    assert _files(clone) == _files(story.workspace)


def test_a_folder_a_release_and_nothing_removed(story: Story, tmp_path: Path, dvc_in_process: None) -> None:
    # Of the folder every release is wanted: a clone goes back to one that it never pulled.
    dvc(story.workspace.root, "remote", "add", "--local", "-d", "team", str(tmp_path / "remote"))
    assert push_artefacts(story.workspace, "team", every_release=True).files > 2
    clone = _clone(story, tmp_path / "clone")
    _config(clone, "team", str(tmp_path / "remote"))
    clone.make_folders()
    mine = clone.folder("rankings") / "mine.json"
    mine.write_bytes(b"not recorded yet")
    assert pull_artefacts(clone).put == 2
    assert mine.exists()
    assert pull_artefacts(clone).put == 0
    (clone.folder("rankings") / f"{story.old}.json").write_bytes(b"damaged")
    assert pull_artefacts(clone).put == 1
    assert {name: content for name, content in _files(clone).items() if name != "mine.json"} == _files(
        story.workspace
    )


def test_a_remote_that_lacks_files_or_is_unknown_says_so(
    story: Story, tmp_path: Path, dvc_in_process: None
) -> None:
    clone = _clone(story, tmp_path / "clone")
    _config(clone, "team", str(tmp_path / "empty"))
    with pytest.raises(ArtefactError, match=r"data/rankings \(the list of its files\)|and \d more") as told:
        pull_artefacts(clone)
    assert "nothing was put in place" in told.value.consequence
    # A remote nobody has named is not asked for, not even where nothing is missing.
    for act in (pull_artefacts, push_artefacts):
        with pytest.raises(RecordError, match=r"called 'nowhere'; there are: 'local', 'team'") as refused:
            act(clone, "nowhere")  # type: ignore[operator]
        assert refused.value.consequence in ("nothing was pulled", "nothing was sent")
        assert "dvc remote add" in refused.value.next_step
    (clone.root / "dvc.lock").unlink()
    with pytest.raises(RecordError, match="nothing was recorded"):
        pull_artefacts(clone)


def test_a_release_is_restored_from_a_remote_alone(story: Story, tmp_path: Path, back: object) -> None:
    import shutil

    remote = tmp_path / "remote" / "files"
    shutil.copytree(story.workspace.root / ".dvc" / "cache" / "files", remote)
    clone = _clone(story, tmp_path / "clone")
    _config(clone, "team", str(tmp_path / "remote"))
    done = back(clone, story.first)  # type: ignore[operator]
    assert isinstance(done, Restored)
    assert done.files == 1
    assert f"{story.old}.json" in _files(clone)


def test_what_is_missing_is_counted_as_it_is_named() -> None:
    missing = tuple(f"data/rankings/{number}.json" for number in range(12))
    with pytest.raises(ArtefactError, match=r"^12 artefacts of .* data/rankings/4\.json and 7 more"):
        refuse_missing(Artefacts(12, {}, missing), "release abc", "nothing was done")
