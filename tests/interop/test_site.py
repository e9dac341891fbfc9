"""The site in a real browser: every page loads without fault and without asking another host, search finds fields.

Screenshots go to `build/screenshots/`, to be looked at: pages of each kind, light, dark and narrow.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.house.project import ROOT
from tests.house.test_docs import build
from tests.interop.browser import Browser, browser
from tests.interop.programs import require, require_module

pytestmark = [pytest.mark.interop, pytest.mark.slow]

SCREENSHOTS = ROOT / "build" / "screenshots"
LOOKS = [
    ("message-light", "reference/vmstate/Command/", 1440, 3000, False),
    ("message-dark", "reference/vmstate/RamRecord/", 1440, 4200, True),
    ("message-narrow", "reference/vmstate/Configuration/", 400, 3200, False),
    ("protocol-light", "reference/vmstate/", 1280, 4200, False),
    ("proposal-light", "reference/handshake/Hello/", 1280, 3600, False),
    ("machines-dark", "reference/spice/", 1280, 5200, True),
    ("prose-narrow", "protocols/spice/", 400, 4200, False),
    ("error-dark-narrow", "reference/errors/vmstate/footer/", 400, 900, True),
]
DANGLING = """
[...document.querySelectorAll('article a[href*="#"]')]
  .filter(link => link.origin === location.origin && link.pathname === location.pathname)
  .filter(link => link.hash && !document.getElementById(decodeURIComponent(link.hash.slice(1))))
  .map(link => link.hash)
"""
SEARCH = """
(async () => {
  const pause = time => new Promise(done => setTimeout(done, time));
  document.querySelector('label[for="__search"]').click();
  const input = document.querySelector('input[name="query"]');
  for (let step = 0; step < 100; step++) {
    input.value = '%s';
    input.dispatchEvent(new Event('input', {bubbles: true}));
    input.dispatchEvent(new Event('keyup', {bubbles: true}));
    input.focus();
    await pause(200);
    const found = [...document.querySelectorAll('.md-search-result__link')].map(link => link.pathname);
    if (found.length) return found;
  }
  return [];
})()
"""


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The built site and its address on this machine."""
    require_module("material", "docs")
    folder = tmp_path_factory.mktemp("site") / "site"
    build(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests of the module."""
    with browser(require("chromium", "chromium"), tmp_path_factory.mktemp("profile")) as running:
        yield running


def addresses(folder: Path) -> list[str]:
    """Every page, as it is linked."""
    return sorted(
        path.relative_to(folder).as_posix().removesuffix("index.html")
        for path in folder.rglob("*.html")
        if path.name != "404.html"
    )


def foreign(chromium: Browser, base: str) -> list[str]:
    """What was asked of anybody else."""
    return [url for url in chromium.requests if not url.startswith((base, "data:", "blob:", "about:"))]


@pytest.mark.timeout(1500)
def test_every_page_loads_quietly_and_its_anchors_resolve(site: tuple[Path, str], chromium: Browser) -> None:
    folder, base = site
    pages = addresses(folder)
    assert len(pages) > 80
    dangling = {}
    for page in pages:
        chromium.open(base + page)
        assert chromium.evaluate("document.querySelectorAll('article h1').length") == 1, page
        dangling[page] = chromium.evaluate(DANGLING)
    assert {page: found for page, found in dangling.items() if found} == {}
    assert chromium.complaints == []
    assert foreign(chromium, base) == []


def test_links_across_pages_resolve(site: tuple[Path, str]) -> None:
    folder, _ = site
    known = {page: (folder / page / "index.html").read_text() for page in addresses(folder)}
    for page, text in known.items():
        for target in re.findall(r'<a [^>]*href="([^"#:]*)(?:#[^"]*)?"', text):
            place = (folder / page / urlsplit(target).path).resolve()
            assert place.exists(), (page, target)


def test_search_finds_a_field(site: tuple[Path, str], chromium: Browser) -> None:
    _, base = site
    chromium.open(base)
    found = chromium.evaluate(SEARCH % "target_page_bits")
    assert any("/reference/vmstate/Configuration/" in path for path in found), found
    assert foreign(chromium, base) == []


def test_nothing_of_a_page_sticks_out_on_a_phone(site: tuple[Path, str], chromium: Browser) -> None:
    _, base = site
    chromium.look(400, 800)
    for _, page, *_ in LOOKS:
        chromium.open(base + page)
        assert chromium.evaluate("document.documentElement.scrollWidth") <= 400, page


def test_pages_are_read_without_scripts(site: tuple[Path, str], chromium: Browser) -> None:
    _, base = site
    chromium.look(1200, 900, scripts=False)
    chromium.open(base + "reference/vmstate/Command/")
    chromium.look(1200, 900)
    assert chromium.evaluate("document.querySelector('#field-body').closest('tr').offsetHeight") > 0
    assert chromium.evaluate("document.querySelector('.wf-hex span').title") == "0x0: command = PING (2)"


@pytest.mark.parametrize(("name", "page", "width", "height", "dark"), LOOKS, ids=[look[0] for look in LOOKS])
def test_screenshots(
    site: tuple[Path, str], chromium: Browser, name: str, page: str, width: int, height: int, dark: bool
) -> None:
    _, base = site
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    chromium.look(width, height, dark)
    chromium.open(base + page)
    chromium.evaluate("localStorage.clear()")
    chromium.open(base + page)
    chromium.screenshot(SCREENSHOTS / f"{name}.png")
    background = chromium.evaluate("getComputedStyle(document.body).backgroundColor")
    channels = [int(number) for number in re.findall(r"\d+", background)[:3]]
    assert (sum(channels) < 3 * 128) is dark
    assert (SCREENSHOTS / f"{name}.png").read_bytes().startswith(b"\x89PNG")
