"""People in browsers: each has a context of their own, is photographed and checked on every screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from clinic.demo import people
from clinic.tests.journeys.stage import Stage

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
PATIENCE = 30_000  # milliseconds
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# Told on the console, where what the page may not do is heard of as well.
TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (e) =>
    console.error(`CSP: ${e.violatedDirective} stopped ${e.blockedURI} on ${location.pathname}`));
"""
# Half-way between two themes a text may have no contrast at all, and how long that takes is the machine's
# affair: so nothing fades or moves. A sheet that a script makes needs no leave of the page's policy.
AT_REST = """
const atRest = new CSSStyleSheet();
atRest.replaceSync("*, *::before, *::after { transition: none !important; animation: none !important }");
document.adoptedStyleSheets.push(atRest);
"""


class Actor:
    """One person at one screen."""

    def __init__(
        self,
        browser: Browser,
        stage: Stage,
        name: str,
        *,
        screens: Path,
        context: BrowserContext | None = None,
        **options: object,
    ) -> None:
        self.stage, self.name, self.screens = stage, name, screens
        context = context or browser.new_context(
            base_url=stage.web,
            locale="en-AU",
            timezone_id="Australia/Sydney",
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(PATIENCE)
        for script in (TELL_VIOLATIONS, AT_REST):
            context.add_init_script(script)
        self.page: Page = context.new_page()
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(f"{name} script: {error}"))
        self.page.on("console", self.note_complaint)
        self.page.on("response", self.note_failure)

    def note_complaint(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.troubles.append(f"{self.name} console: {said.text} {said.location['url']}")

    def note_failure(self, response: Response) -> None:
        if response.status >= 500:
            self.troubles.append(f"{self.name}: {response.status} {response.url}")

    def look(self, screen: str) -> None:
        """Keep a picture of the screen, and ask axe about it."""
        self.page.screenshot(path=self.screens / f"{screen}.png", full_page=True)
        found = Axe().run(self.page, options=RULES).response["violations"]
        self.troubles += [
            f"{screen}: {violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in found
            for node in violation["nodes"]
        ]

    def photograph(self, screen: str) -> None:
        """Keep the screen as it is at a desk and in the dark; then go back to how it was."""
        size = self.page.viewport_size
        shots: list[tuple[str, Literal["light", "dark"], Any]]
        shots = [("dark", "dark", size), ("desk", "light", DESK)]
        for name, scheme, viewport in shots:
            self._wear(scheme)
            self.page.set_viewport_size(viewport)
            self.look(f"{screen}-{name}")
        self._wear("light")
        self.page.set_viewport_size(size)

    def _wear(self, scheme: Literal["light", "dark"]) -> None:
        self.page.wait_for_load_state()  # between two pages there is no document
        self.page.emulate_media(color_scheme=scheme)
        # The admin asks for the scheme only when it loads, and then says so with a class.
        self.page.evaluate(
            "dark => document.documentElement.classList.toggle('dark', dark)", scheme == "dark"
        )

    def sign_in(self, email: str, password: str = people.DEMO_PASSWORD) -> None:
        self.page.goto(f"{self.stage.web}/accounts/login/")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.locator("main").get_by_role("button", name="Sign in").click()

    def give_code(self) -> None:
        self.page.locator("main input[autocomplete=one-time-code]").fill(self.stage.code(self.name))
        self.page.get_by_role("button", name="Go on").click()
