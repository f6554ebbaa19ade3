// The built page starts in both browsers.

import assert from "node:assert/strict";
import { forEachBrowser } from "./harness.mjs";

forEachBrowser("the page opens", async (browser) => {
  const page = await browser.open();
  assert.match(await page.title(), /Rangewalk$/);
  await browser.assertAccessible(page);
});

forEachBrowser("the page refuses an inline script", async (browser) => {
  browser.expectProblem(/Content.Security.Policy/);
  const page = await browser.open();
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.ranInline = true";
    document.head.append(script);
  });
  assert.equal(await page.evaluate(() => window.ranInline), undefined);
});

forEachBrowser("the page is shown as asked", async (browser) => {
  const page = await browser.open("", { width: 375, height: 700, scheme: "dark", motion: "reduce" });
  const seen = await page.evaluate(() => ({
    width: innerWidth,
    height: innerHeight,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    reduce: matchMedia("(prefers-reduced-motion: reduce)").matches,
  }));
  assert.deepEqual(seen, { width: 375, height: 700, dark: true, reduce: true });
  await browser.screenshot(page, "smoke-375-dark");
});

forEachBrowser("the page can be embedded", async (browser) => {
  const address = await browser.host(`<main><iframe title="Rangewalk" src="play/index.html"></iframe></main>`);
  const page = await browser.open(address);
  const frame = await page.waitForFrame((frame) => frame.url().endsWith("play/index.html"));
  await frame.waitForSelector("main");
});
