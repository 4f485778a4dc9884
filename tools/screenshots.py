"""Pictures of the main pages for README and docs/pictures, taken of a new demo office in Debian's Chromium: `make screenshots`.

Names tell page, language and look (`workbench.zh.png`, `workbench.zh.dark.png`). Pictures are 1366 wide and have few colours, so that
the repository stays small. CHROMIUM names another browser.
"""

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
PASSWORD = "Longquan-demo-7319"  # noqa: S105  (of the demo accounts, which exist in demo data only)
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDTH, HEIGHT, COLOURS = 1366, 768, 96
MOST_BYTES = 3_000_000  # of all pictures together
PATIENCE = 120  # seconds for the office to open


class Shot(NamedTuple):
    """One page: who looks at it, where it is, what is clicked or typed before the picture."""

    name: str
    user: str
    path: str
    click: str = ""
    typed: str = ""


SHOTS = (
    Shot("sign-in", "", "/login/"),
    Shot("workbench", "clerk", "/"),
    Shot("search", "clerk", "/people/list/", typed="wl"),
    Shot("list", "clerk", "/births/list/"),
    Shot("form", "clerk", "/births/add"),
    Shot("record", "supervisor", "/births/list/?_flt_0_status=submitted", click=".ledger tbody td a"),
    Shot("queue", "supervisor", "/births/queue"),
    Shot("report", "supervisor", "/reports/births-monthly"),
    Shot("role", "admin", "/roles/show/clerk"),
    Shot("help", "clerk", "/help/"),
)
IN_THE_DARK = ("workbench", "list")


def main() -> int:
    """0 when every picture was taken and all of them are small enough."""
    if not CHROMIUM:
        print("Chromium is needed (apt-get install chromium, or CHROMIUM=/path/to/it)", file=sys.stderr)
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with office() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        for language, look in (("zh", "light"), ("en", "light"), ("zh", "dark")):
            for shot in SHOTS:
                if look == "light" or shot.name in IN_THE_DARK:
                    take(browser, address, shot, language, look)
        browser.close()
    size = sum(path.stat().st_size for path in PICTURES.glob("*.png"))
    print(f"{len(list(PICTURES.glob('*.png')))} pictures, {size:,} bytes")
    return 0 if size < MOST_BYTES else 1


def take(browser: Any, address: str, shot: Shot, language: str, look: str) -> None:
    """One picture of one page."""
    context = browser.new_context(
        base_url=address, viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=look, locale="zh-CN", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto("/login/")
    if shot.user:
        page.fill("#username", shot.user)
        page.fill("#password", PASSWORD)
        with page.expect_event("load"):
            page.keyboard.press("Enter")
        page.goto("/")  # what is said after signing in is said once
    page.goto(f"/lang/{language}")
    page.goto(shot.path)
    if shot.click:
        with page.expect_event("load"):
            page.click(shot.click)
    if shot.typed:
        page.keyboard.press("Control+k")
        page.keyboard.type(shot.typed)
        page.locator("#palette-list .hint").first.wait_for()  # people, whom the office has found
    page.wait_for_load_state("networkidle")
    dark = ".dark" if look == "dark" else ""
    keep(page.screenshot(), PICTURES / f"{shot.name}.{language}{dark}.png")
    context.close()


def keep(picture: bytes, path: Path) -> None:
    """Store a picture with few colours."""
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


@contextmanager
def office() -> Iterator[str]:
    """Where a new demo office is served."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DATA_KEYS", "SECRET_KEY", "UNIT_NAME")}
        environment |= {"DATA_DIR": folder, "LOG_LEVEL": "ERROR", "UNIT_NAME": "龙泉镇人民政府"}
        flask = [str(Path(sys.executable).with_name("flask")), "--app", "run"]
        for command in ("setup", "demo"):
            subprocess.run([*flask, command], env=environment, cwd=ROOT, check=True, capture_output=True)
        environment["PORT"] = str(free_port())
        with subprocess.Popen([sys.executable, "run.py"], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL) as server:
            address = f"http://127.0.0.1:{environment['PORT']}"
            try:
                wait_for(address)
                yield address
            finally:
                server.terminate()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(address: str) -> None:
    """Until the office answers. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=5) as answer:  # noqa: S310  (our own address)
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise TimeoutError("the office did not open")


if __name__ == "__main__":
    sys.exit(main())
