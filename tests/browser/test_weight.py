"""What the line carries: little when somebody comes for the first time, next to nothing afterwards."""

import pytest

from tests.browser.conftest import sign_in

FIRST, AGAIN = 350, 40  # kilobytes, compressed as they travel
KILO = 1024


@pytest.fixture
def window(chromium, address):
    """A browser that was never here, and the bytes it was sent so far."""
    context = chromium.new_context(base_url=address, viewport={"width": 1366, "height": 768}, locale="zh-CN")
    page = context.new_page()
    line, sent, names = context.new_cdp_session(page), {}, {}
    line.send("Network.enable")
    line.on("Network.requestWillBeSent", lambda told: names.update({told["requestId"]: told["request"]["url"]}))
    line.on(
        "Network.loadingFinished", lambda told: sent.update({told["requestId"]: (names.get(told["requestId"]), told["encodedDataLength"])})
    )
    yield page, sent
    context.close()


def kilobytes(sent) -> float:
    """All of it; each file is told, so that a failure shows what weighs."""
    for url, size in sorted(sent.values(), key=lambda pair: -pair[1])[:12]:
        print(f"{size / KILO:8.1f} KB  {url}")
    return sum(size for _url, size in sent.values()) / KILO


def test_signing_in_for_the_first_time_is_light(window):
    page, sent = window
    sign_in(page, "supervisor")
    page.wait_for_load_state("networkidle")
    assert kilobytes(sent) < FIRST


def test_coming_again_is_lighter_still(window):
    page, sent = window
    sign_in(page, "supervisor")
    page.wait_for_load_state("networkidle")
    page.goto("/births/list/")
    page.wait_for_load_state("networkidle")
    sent.clear()
    page.goto("/")
    page.wait_for_load_state("networkidle")
    assert kilobytes(sent) < AGAIN
    sent.clear()
    page.goto("/births/list/")
    page.wait_for_load_state("networkidle")
    assert kilobytes(sent) < AGAIN
