"""The site in a browser: no error on the console, nothing wider than the screen, links resolve."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.experiment.claims.test_raster import site_with_spikes

webdriver = pytest.importorskip("selenium.webdriver")
pytest.importorskip("plotly", reason="the extra [report] is not installed")

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
)
SCREENS = [(1200, "light"), (1200, "dark"), (390, "light"), (390, "dark")]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None or DRIVER is None, reason="no Chromium with its driver"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for each in OPTIONS:
        options.add_argument(each)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.chrome.service.Service(DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site_with_spikes(tmp_path_factory.mktemp("browser"))


def test_every_page_on_every_screen(browser: Any, site: Path) -> None:
    for page in sorted(site.glob("*.html")):
        for width, scheme in SCREENS:
            show(browser, page, width, scheme)
            logs = [each for each in browser.get_log("browser") if each["level"] == "SEVERE"]
            assert logs == [], (page.name, width, scheme)
            wide = browser.execute_script(
                "return document.documentElement.scrollWidth - window.innerWidth"
            )
            assert wide <= 0, (page.name, width)
            links = browser.execute_script(
                "return [...document.querySelectorAll('a')].map(each => each.href)"
            )
            for link in links:
                assert link.startswith("file://"), link
                target, _, place = link.removeprefix("file://").partition("#")
                assert Path(target).exists(), link
                text = Path(target).read_text(encoding="utf-8")
                assert not place or f'id="{place}"' in text, link


def test_the_raster_zooms(browser: Any, site: Path) -> None:
    show(browser, site / "validate.html", 1200, "light")
    marks = "return document.querySelectorAll('#raster .points path').length"
    assert browser.execute_script(marks) == 500
    browser.execute_async_script(
        "Plotly.relayout('raster', {'xaxis.range': [0, 99.5]}).then(arguments[0])"
    )
    shown = browser.execute_script("return document.getElementById('raster').layout.xaxis.range")
    assert shown == [0, 99.5]


def test_colours_follow_the_scheme(browser: Any, site: Path) -> None:
    script = "return document.getElementById('raster').layout.paper_bgcolor"
    found = []
    for scheme in ("light", "dark"):
        show(browser, site / "validate.html", 1200, scheme)
        found.append(browser.execute_script(script))
    assert found == ["#ffffff", "#14181c"]


def show(browser: Any, page: Path, width: int, scheme: str) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get(page.as_uri())
