"""A real start: a process of its own with a new data folder serves, stops when it is told to, and refuses in one line."""

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STARTING = 20.0  # seconds a start may take on a busy machine
STOPPING = 10.0


def environment(data: Path, port: int) -> dict[str, str]:
    """Nothing is set but the data folder and the port: the first start of a new office."""
    return {"PATH": os.environ["PATH"], "DATA_DIR": str(data), "PORT": str(port)}


def flask(data: Path, *words: str) -> str:
    told = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "run", *words],
        cwd=ROOT, env=environment(data, 8080), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (told.returncode, told.stderr) == (0, "")
    return told.stdout


def start(data: Path, port: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "run.py"], cwd=ROOT, env=environment(data, port), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def refusal(data: Path, port: int) -> tuple[int, str]:
    """(status, what is said) of a start that does not come up."""
    server = start(data, port)
    out, said = server.communicate(timeout=STARTING)
    assert out == ""
    return server.returncode, said


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def get(port: int, path: str) -> tuple[int, str, str]:
    """(status, where it leads, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=STARTING)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = answer.status, answer.headers.get("Location", ""), answer.read().decode()
    connection.close()
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an office with the demo township, made by the commands."""
    folder = tmp_path_factory.mktemp("office") / "data"
    assert flask(folder, "setup") == "The database is up to date.\n"
    assert flask(folder, "demo").startswith("Demo accounts")
    return folder


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """(process, port) of the office at work."""
    port = free_port()
    process = start(data, port)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Taizhang is at http://127.0.0.1:{port}/  (Ctrl-C stops it)\n"
        yield process, port
    finally:
        process.kill()
        process.communicate()


def test_the_health_page_answers_its_five_fields(server: tuple[object, int]) -> None:
    status, _, body = get(server[1], "/health")
    told = json.loads(body)
    assert (status, set(told)) == (200, {"status", "version", "database", "sqlite_version", "journal_mode"})
    assert (told["status"], told["database"]) == ("ok", "sqlite")


def test_the_first_page_leads_to_the_door(server: tuple[object, int]) -> None:
    status, where, _ = get(server[1], "/")
    assert (status, where.partition("?")[0]) == (302, "/login/")
    assert get(server[1], where)[0] == 200


def test_a_file_that_is_far_too_large_is_told_in_a_sentence(server: tuple[object, int]) -> None:
    """A server that stops reading looks like a broken line: the rest is read and forgotten first."""
    connection = http.client.HTTPConnection("127.0.0.1", server[1])
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    connection.request("POST", "/login/", body=b"--x\r\n" + bytes(30 * 2**20), headers=form)
    answer = connection.getresponse()
    told = answer.read()
    connection.close()
    assert (answer.status, b"10 MB" in told) == (413, True)


def test_what_lies_in_the_data_folder_is_for_this_account_alone(data: Path, server: tuple[object, int]) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (data / "data.keys", data / "secret.key", data)}
    assert modes == {"data.keys": 0o600, "secret.key": 0o600, "data": 0o700}


def test_a_taken_port_is_refused_in_one_line(data: Path, server: tuple[object, int]) -> None:
    status, said = refusal(data, server[1])
    assert (status, said.count("\n")) == (2, 1)
    assert said.startswith(f"PORT: nothing can listen on 127.0.0.1:{server[1]} (Address already in use)")


def test_a_database_that_was_not_set_up_is_refused_in_one_line(tmp_path: Path) -> None:
    assert refusal(tmp_path / "new", free_port()) == (2, "The database is not at this version yet. Run: flask --app run setup\n")


def test_a_server_that_is_told_to_stop_stops(server: tuple["subprocess.Popen[str]", int]) -> None:
    """The last test of this file: afterwards nobody listens, and nothing was complained about."""
    process, port = server
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert process.wait(STOPPING) == 0
    assert time.monotonic() - began < STOPPING
    assert process.stderr is not None
    assert process.stderr.read() == ""
    with pytest.raises(ConnectionRefusedError):
        get(port, "/health")
