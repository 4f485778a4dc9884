"""A demo office that is served as in an office, and Debian's Chromium in front of it.

Without a browser these tests are skipped and say so; REQUIRE_BROWSER=1 makes that a failure.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.sound import PATIENCE, loaded
from tools.screenshots import free_port, wait_for

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
QUIET = (  # no window, and no word to anybody but the office
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PASSWORD = "Longquan-demo-7319"

expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    """The driver of the browser."""
    missing = "" if CHROMIUM else "chromium is not installed (apt-get install chromium, or CHROMIUM=/path/to/it)"
    if missing and os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright: Any) -> Iterator[Any]:
    """One browser for all tests; each gets a window of its own."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def address(playwright: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a new demo office is served, as `make run` serves it."""
    folder = tmp_path_factory.mktemp("office")
    told = {"DATA_DIR": str(folder), "LOG_LEVEL": "ERROR"}
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DATA_KEYS", "SECRET_KEY")} | told
    flask = [str(Path(sys.executable).with_name("flask")), "--app", "run"]
    for command in ("setup", "demo"):
        subprocess.run([*flask, command], env=environment, check=True, capture_output=True)
    environment["PORT"] = port = str(free_port())  # at the last moment: it is nobody's until the office listens
    with (
        (folder / "server.log").open("w") as log,
        subprocess.Popen([sys.executable, "run.py"], env=environment, stdout=log, stderr=log) as server,
    ):
        url = f"http://127.0.0.1:{port}"
        wait_for(url)
        yield url
        server.terminate()


def sign_in(page: Any, user: str) -> None:
    """Let a person of the demo in by the front door."""
    page.goto("/login/")
    page.fill("#username", user)
    page.fill("#password", PASSWORD)
    with loaded(page):
        page.keyboard.press("Enter")


@pytest.fixture(scope="session")
def cookies() -> dict[str, Any]:
    """The cookies of whoever has signed in; no test that asks for `open_window` signs out or locks the screen."""
    return {}


@pytest.fixture
def size(request: pytest.FixtureRequest) -> tuple[int, str]:
    """(width, look) of the windows of a test, where it says nothing else."""
    return getattr(request, "param", (1366, "light"))


@pytest.fixture
def open_window(chromium: Any, address: str, cookies: dict[str, Any], size: tuple[int, str]) -> Iterator[Callable[..., Any]]:
    """`open_window("clerk", width=360, look="dark")` gives that person's home page; what a browser complains of fails the test."""
    contexts, wrong = [], []

    def open_one(user: str, *, width: int = size[0], look: str = size[1], language: str = "zh") -> Any:
        height = 768 if width > 800 else 740
        view = {"width": width, "height": height}
        known = cookies.get(user)
        context = chromium.new_context(base_url=address, viewport=view, color_scheme=look, locale="zh-CN", storage_state=known)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: wrong.append(f"{page.url}: {said.text}") if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        page.on("request", lambda sent: wrong.append(sent.url) if not sent.url.startswith((address, "data:")) else None)
        page.goto("/")
        if page.locator("#username").count():  # for the first time, or again after a while
            sign_in(page, user)
            cookies[user] = {"cookies": [cookie for cookie in context.cookies() if cookie["name"] == "taizhang"]}
        if language != "zh":
            with loaded(page):
                page.click(f"nav.languages a[hreflang={language}]")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert wrong == []
