"""A page that a test opens in Chromium, and the server that it may lie behind."""

from __future__ import annotations

from http.server import SimpleHTTPRequestHandler
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

__all__ = ["Quiet", "Visit", "findings"]

# Two cores may be busy with other tests.
expect.set_options(timeout=30_000)


class Quiet(SimpleHTTPRequestHandler):
    """It says nothing of what it was asked for."""

    def log_message(self, *_: Any) -> None:
        pass


class Opened:
    """A page that was opened, with what it asked for and complained of."""

    def __init__(self, browser: Browser, url: str, **context: Any) -> None:
        self.context = browser.new_context(**context)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(url)


class Visit(Opened):
    """A report whose cases are there."""

    def __init__(self, browser: Browser, url: str, **context: Any) -> None:
        super().__init__(browser, url, **context)
        expect(self.page.locator(".case").first).to_be_visible()

    def choose(self, name: str, label: str) -> None:
        self.page.locator(f"#f-{name}").select_option(label=label)

    def count(self) -> str:
        return self.page.locator("#count").inner_text()


def findings(page: Page, within: str = "#browser") -> list[tuple[str, str]]:
    """All that axe finds in a part of the page, whatever its weight: the rule and the element."""
    response = Axe().run(page, context=within).response
    assert response["passes"]
    return [
        (violation["id"], node["html"][:200])
        for violation in response["violations"]
        for node in violation["nodes"]
    ]
