from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli
from support.receivers import hook, mailbox
from support.workspaces import change_params

from features.alerts.alert import Alert
from features.alerts.channels import channels_of, named_channels, senders_of
from features.alerts.delivering import Delivered, deliver
from features.alerts.outbox import Outbox
from features.alerts.secrets import redacted, secrets_in_force
from features.workspace import Workspace
from models.errors import SettingsError

URL = "SPRINGBOARD_TEST_HOOK"
TOKEN = "SPRINGBOARD_TEST_TOKEN"  # noqa: S105 - a variable's name


def with_channels(workspace: Workspace, **alerts: Any) -> Workspace:
    return change_params(workspace, alerts={"events": False, "timeout_seconds": 2.0, **alerts})


def raise_some(workspace: Workspace, *names: str) -> list[dict[str, Any]]:
    alerts = [Alert("flow_failed", (name,), f"{name} failed", "a reason", "mend it") for name in names]
    return Outbox(workspace).raise_new(alerts, channels_of(workspace.settings.alerts))


def send(workspace: Workspace, later: float = 0.0, *, asked: bool = False) -> Delivered:
    named = named_channels(workspace.settings.alerts)
    now = datetime.now(UTC) + timedelta(seconds=later)
    return deliver(workspace, senders_of(workspace), named, now=now, asked=asked)


def everything_written(workspace: Workspace) -> str:
    return (workspace.private / "alerts.jsonl").read_text(encoding="utf-8")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_webhook_that_is_down_delays_nothing_and_gets_all_in_order_when_it_is_up(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = with_channels(workspace, webhook={"url_env": URL, "token_env": TOKEN})
    monkeypatch.setenv(URL, f"http://me:opensesame@127.0.0.1:{free_port()}/path-of-secrets")
    monkeypatch.setenv(TOKEN, "bearer-of-secrets")
    raise_some(workspace, "one", "two", "three")
    began = time.monotonic()
    down = send(workspace)
    assert (down.sent, down.waiting) == (0, 3)
    assert "refused" in down.problems["webhook"]
    assert time.monotonic() - began < 5
    assert send(workspace, later=30).problems == {}  # It is not yet time to try again.
    with hook() as kept:
        monkeypatch.setenv(URL, kept.url)
        up = send(workspace, later=61)
        assert (up.sent, up.waiting) == (3, 0)
        assert [body["what"] for body in kept.bodies] == ["one failed", "two failed", "three failed"]
        assert {header["Authorization"] for header in kept.headers} == {"Bearer bearer-of-secrets"}
        assert [h["Idempotency-Key"] for h in kept.headers] == [body["id"] for body in kept.bodies]
        assert send(workspace, later=7200).sent == 0  # Once.
        assert kept.bodies[0]["text"] == "one failed\nWhy: a reason\nNext: mend it"
    for secret in ("opensesame", "path-of-secrets", "bearer-of-secrets"):
        assert secret not in everything_written(workspace)


def test_a_refusing_webhook_keeps_the_order_backs_off_and_is_given_up(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = with_channels(workspace, webhook={"url_env": URL}, give_up_hours=1)
    with hook() as kept:
        kept.answers = [500]
        monkeypatch.setenv(URL, kept.url)
        raise_some(workspace, "one", "two")
        for later, tries in ((0, 1), (59, 1), (61, 2), (62, 2), (130, 3), (3500, 4)):
            send(workspace, later=later)
            assert len(kept.bodies) == tries, later
        assert {body["what"] for body in kept.bodies} == {"one failed"}  # Nothing overtakes.
        done = send(workspace, later=2 * 3600)
        assert (done.given_up, done.waiting) == (2, 0)
        kept.answers = [204]
        raise_some(workspace, "three")
        assert send(workspace, asked=True).sent == 1  # Somebody asked: no waiting.
        states = [one.channels for one in Outbox(workspace).standings()]
        assert states == [{"webhook": "given up"}, {"webhook": "given up"}, {"webhook": "sent"}]


def test_who_is_killed_between_sending_and_noting_sends_the_same_id_again(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = with_channels(workspace, webhook={"url_env": URL})
    with hook() as kept:
        monkeypatch.setenv(URL, kept.url)
        (alert,) = raise_some(workspace, "one")
        with monkeypatch.context() as killed:
            killed.setattr(Outbox, "note", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                send(workspace)
        assert send(workspace).sent == 1
        assert [body["id"] for body in kept.bodies] == [alert["id"]] * 2


def test_one_that_answers_a_byte_at_a_time_holds_nobody(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = with_channels(workspace, webhook={"url_env": URL}, timeout_seconds=0.4)
    with hook() as kept:
        kept.drips = True
        monkeypatch.setenv(URL, kept.url)
        raise_some(workspace, "one")
        began = time.monotonic()
        assert send(workspace).problems == {"webhook": "no answer within 0.4 s"}
        assert time.monotonic() - began < 2.0


def test_mail_is_sent_with_an_account_and_never_in_the_clear_where_tls_was_asked_for(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "post-of-secrets")
    with mailbox() as kept:
        email = {"host": "127.0.0.1", "port": kept.port, "sender": "a@example.org", "to": ["b@example.org"]}
        secret = {**email, "password_env": TOKEN}
        workspace = with_channels(workspace, email={**secret, "security": "starttls"})
        raise_some(workspace, "öne\nBcc: c@example.org")
        refused = send(workspace).problems["email"]
        assert "STARTTLS" in refused
        assert not kept.mails
        assert not kept.logins
        workspace = with_channels(workspace, email={**secret, "security": "plain"})
        assert send(workspace, asked=True).sent == 1
        (mail,) = kept.mails
        assert "To: b@example.org" in mail
        assert "\nBcc:" not in mail
        assert "Next: mend it" in mail
        assert f"Message-ID: <{Outbox(workspace).standings()[0].alert['id']}" in mail
        assert len(kept.logins) == 1
    raise_some(workspace, "two")
    assert send(workspace).problems["email"].startswith("ConnectionRefusedError")
    monkeypatch.delenv(TOKEN)
    assert send(workspace, asked=True).problems == {"email": f"the environment variable {TOKEN} is not set"}
    assert "post-of-secrets" not in everything_written(workspace)


def test_what_goes_to_a_channel_that_is_no_longer_named_is_given_up(workspace: Workspace) -> None:
    workspace = with_channels(workspace, webhook={"url_env": URL})
    raise_some(workspace, "one")
    assert send(with_channels(workspace, webhook=None)).given_up == 1


def test_another_process_that_delivers_is_not_waited_for(workspace: Workspace) -> None:
    workspace = with_channels(workspace, webhook={"url_env": URL})
    raise_some(workspace, "one")

    def sender(alert: Mapping[str, Any]) -> None:
        raise AssertionError

    with workspace.lock("alerts-delivery"):
        assert deliver(workspace, {"webhook": sender}, frozenset({"webhook"})) == Delivered()


def test_settings_take_names_of_variables_and_no_secrets(workspace: Workspace) -> None:
    for webhook in (
        {"url_env": "https://hooks.example.org/T0/secret"},
        {"url": "https://x"},
        {"kinds": ["all"]},
    ):
        with pytest.raises(SettingsError) as refused:
            _ = with_channels(workspace, webhook=webhook).settings
        assert "alerts.webhook" in str(refused.value)
        assert "T0/secret" not in str(refused.value)


def test_secrets_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, "https://hooks.example.org/T0/abc?key=value-of-key")
    secrets = secrets_in_force([URL])
    assert redacted("POST /T0/abc failed", secrets) == "POST *** failed"
    assert "value-of-key" not in redacted("?key=value-of-key", secrets)
    assert redacted("at https://me:word@example.org/x", ()) == "at https://***@example.org/x"


def test_alerts_are_listed_tried_and_sent_by_hand(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    monkeypatch.chdir(workspace.root)
    assert cli("alerts", "list").out.startswith("Nothing to tell")
    workspace = with_channels(workspace)
    assert cli("alerts", "test").is_clear_error("params.yaml names no channel")
    workspace = with_channels(workspace, webhook={"url_env": URL})
    with hook() as kept:
        monkeypatch.setenv(URL, kept.url)
        tried = cli("alerts", "test", "--json")
        assert (tried.code, tried.json) == (0, {"webhook": None})
        assert kept.bodies[0]["kind"] == "test"
        kept.answers = [503]
        assert cli("alerts", "test").code == 1
        raise_some(workspace, "[red]one[/red]")
        down = cli("alerts", "send")
        assert down.code == 1
        assert "it answered 503" in down.out
        assert cli("status", "--json").json["alerts"]["problems"] == {"webhook": "it answered 503"}
        assert "1 alert waits" in cli("status").out
        kept.answers = [200]
        assert cli("alerts", "send", "--json").json["sent"] == 1
    listed = cli("alerts", "list", "--json").json
    assert [(one["what"], one["channels"]) for one in listed] == [
        ("[red]one[/red] failed", {"webhook": "sent"})
    ]
    assert "[red]one[/red] failed" in cli("alerts", "list").out


def test_a_test_that_reaches_no_channel_is_no_success(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cli: Cli
) -> None:
    monkeypatch.chdir(workspace.root)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "no-prefect"))
    # The settings of a new workspace: Prefect's events, and no server that takes them.
    tried = cli("alerts", "test")
    assert tried.code == 1
    assert "springboard serve, or set PREFECT_API_URL" in tried.out
    tried = cli("alerts", "test", "--json")
    assert (tried.code, set(tried.json)) == (1, {"events"})
    with_channels(workspace, events=True, webhook={"url_env": URL})
    with hook() as kept:
        monkeypatch.setenv(URL, kept.url)
        # One channel took it; events wait for the next flow.
        assert cli("alerts", "test").code == 0
        kept.answers = [503]
        assert cli("alerts", "test").code == 1
