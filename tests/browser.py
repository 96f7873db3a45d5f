"""Chromium without a screen, from the system's packages, for the tests of pages.

Import the fixture by name. Without the browser the test is skipped with the reason, or fails where
SEGRULES_SERVERS=required.
"""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import absent

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    binary, driver = (shutil.which(name) for name in ("chromium", "chromedriver"))
    if binary is None or driver is None:
        absent("Chromium is not installed (Debian packages chromium and chromium-driver)")
    with tempfile.TemporaryDirectory(prefix="segrules-chromium-", ignore_cleanup_errors=True) as at:
        found = Browser(binary, driver, Path(at))
        yield found
        found.driver.quit()


class Browser:
    """One window; each `open` begins anew."""

    def __init__(self, binary: str, driver: str, profile: Path) -> None:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = binary
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(driver))
        self.driver.set_script_timeout(60)
        self.console: list[str] = []
        self.asked: list[str] = []

    def command(self, name: str, **words: Any) -> Any:
        return self.driver.execute_cdp_cmd(name, words)

    def run(self, script: str) -> Any:
        """What a script returns; it stands above what the page itself may run."""
        return self.driver.execute_script(script)

    def open(
        self, page: Path, width: int = 1200, *, medium: str = "screen", scripts: bool = True
    ) -> None:
        """Opens a page in a window of a width and waits until its charts are drawn.

        What the console said and what was asked for stand in `console` and `asked`.
        """
        self.driver.get("about:blank")
        self._logs()
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        self.command("Emulation.setEmulatedMedia", media=medium)
        self.command("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.driver.get(page.as_uri())
        if scripts:
            self.driver.execute_async_script(WAIT)
        self.console, self.asked = self._logs()

    def _logs(self) -> tuple[list[str], list[str]]:
        said = [f"{each['level']}: {each['message']}" for each in self.driver.get_log("browser")]
        events = [
            json.loads(each["message"])["message"] for each in self.driver.get_log("performance")
        ]
        asked = [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return said, asked

    def pdf(self) -> bytes:
        return base64.b64decode(self.command("Page.printToPDF", printBackground=False)["data"])


WAIT = """
const done = arguments[0], start = Date.now();
(function look() {
  const live = [...document.querySelectorAll(".drawn > .live")];
  const left = live.filter((each) => !each.querySelector("svg"));
  if (document.readyState === "complete" && !left.length || Date.now() - start > 30000) done();
  else setTimeout(look, 20);
})();
"""
