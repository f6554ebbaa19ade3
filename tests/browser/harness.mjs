// The harness of the browser tests: the built page (dist/), served from a folder, in Chromium and Firefox.
//
//   cargo xtask test page browser            builds the page and runs every *.test.mjs here
//   node --test tests/browser/x.test.mjs     runs one file against the dist/ that is there
//
// A test file:
//
//   import assert from "node:assert/strict";
//   import { forEachBrowser } from "./harness.mjs";
//
//   forEachBrowser("the title says what this is", async (browser) => {
//     const page = await browser.open("index.html?embed", { width: 375, scheme: "dark" });
//     assert.match(await page.title(), /Rangewalk$/);
//     await browser.screenshot(page, "embed-375-dark");
//   });
//
// `page` is puppeteer's Page. A test fails by itself when a page of its logs an error, throws, breaks the
// content security policy, or asks for a file that is not there. A test that expects such a thing says
// `browser.expectProblem(/pattern/)`. Pages are closed after each test; browsers live as long as the file.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { KINDS, launch } from "./browsers.mjs";
import { serve } from "./server.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TEST_MS = 120_000;

/** How a page is shown, where a test does not say otherwise. */
const VIEW = { width: 1440, height: 900, scheme: "light", motion: "no-preference" };

/** Defines the test once for each browser. `body` is given a `Browser`. */
export function forEachBrowser(name, body) {
  for (const kind of KINDS) {
    test(`${name} (${kind})`, { timeout: TEST_MS }, async () => {
      const browser = new Browser(kind);
      try {
        await body(browser);
        browser.assertNoProblem();
      } finally {
        await browser.closePages();
      }
    });
  }
}

/** One browser during one test. */
class Browser {
  #pages = [];
  #problems = [];
  #expected = [];

  /** @param {"chromium" | "firefox"} kind */
  constructor(kind) {
    this.kind = kind;
  }

  /**
   * Opens `path` of the built page (or a whole address) and waits for `ready`, a selector.
   * `view` is `{ width, height, scheme: "light" | "dark", motion: "no-preference" | "reduce" }`, in CSS pixels.
   */
  async open(path = "", { ready = "main", ...view } = {}) {
    const { width, height, scheme, motion } = { ...VIEW, ...view };
    const page = await (await launched(this.kind, scheme, motion)).newPage();
    this.#pages.push(page);
    this.#watch(page);
    await page.setViewport({ width, height });
    if (this.kind === "chromium") {
      await page.emulateMediaFeatures([
        { name: "prefers-color-scheme", value: scheme },
        { name: "prefers-reduced-motion", value: motion },
      ]);
    }
    await page.goto(new URL(path, (await server()).url).href);
    await page.waitForSelector(ready);
    return page;
  }

  /** The address of a page with this body, in the folder above the built one, for frames: src="play/index.html". */
  async host(body) {
    return (await server()).page(body);
  }

  /** Makes the built page's files that match unreachable from now on. */
  async refuse(pattern) {
    (await server()).refuse(pattern);
  }

  /** Writes target/screenshots/NAME-BROWSER.png: the window, or the whole page with `{ fullPage: true }`. */
  async screenshot(page, name, options = {}) {
    const folder = join(ROOT, "target/screenshots");
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ ...options, path: join(folder, `${name}-${this.kind}.png`) });
  }

  /** Fails on any violation that axe finds in the page as it stands. */
  async assertAccessible(page) {
    // The policy forbids a script tag; evaluation from outside is not bound by it.
    await page.evaluate(AXE);
    const violations = await page.evaluate(async () => {
      const { violations } = await window.axe.run();
      return violations.map(({ id, help, nodes }) => ({ id, help, at: nodes.map((node) => node.target) }));
    });
    assert.deepEqual(violations, []);
  }

  /** This test must meet a problem that matches `pattern`, and does not fail by it. */
  expectProblem(pattern) {
    this.#expected.push(pattern);
  }

  /** Waits until a problem that matches `pattern` was met. */
  async problem(pattern) {
    while (!this.#problems.some((problem) => pattern.test(problem))) await new Promise((later) => setTimeout(later, 20));
  }

  /** Fails on any problem that was not expected, and on any expected one that did not come. */
  assertNoProblem() {
    const isExpected = (problem) => this.#expected.some((pattern) => pattern.test(problem));
    const surprises = this.#problems.filter((problem) => !isExpected(problem));
    assert.deepEqual(surprises, []);
    for (const pattern of this.#expected) {
      assert.ok(this.#problems.some((problem) => pattern.test(problem)), `no problem was ${pattern}`);
    }
  }

  async closePages() {
    for (const page of this.#pages) await page.close().catch(() => {});
  }

  // Both browsers report a breach of the content security policy as an error of the console or the page.
  #watch(page) {
    const note = (problem) => this.#problems.push(problem);
    page.on("console", (message) => {
      if (message.type() === "error") note(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => note(`page: ${error.message}`));
    page.on("requestfailed", (request) => note(`request: ${request.url()} ${request.failure()?.errorText}`));
    page.on("response", (response) => {
      if (response.status() >= 400) note(`response: ${response.url()} ${response.status()}`);
    });
  }
}

const launches = new Map();
let serving;

/** The server of dist/, started once. */
function server() {
  serving ??= serve(join(ROOT, "dist"));
  return serving;
}

/** That browser, started once. Firefox takes scheme and motion only at its start. */
function launched(kind, scheme, motion) {
  const key = kind === "firefox" ? `firefox ${scheme} ${motion}` : kind;
  if (!launches.has(key)) launches.set(key, launch(kind, scheme, motion));
  return launches.get(key);
}

after(async () => {
  for (const browser of launches.values()) await (await browser).close();
  (await serving)?.close();
});
