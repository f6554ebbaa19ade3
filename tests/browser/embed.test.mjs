// Embeds: the picture in someone else's page.

import assert from "node:assert/strict";
import { forEachBrowser } from "./harness.mjs";
import { fragment, press, SMALL, settled, step, textOf, write } from "./page.mjs";

/** A link to a small scenario, two steps into its walk. */
async function link(browser) {
  const page = await browser.open();
  await write(page, SMALL);
  await page.keyboard.press("Escape");
  await press(page, "End", "Home", "ArrowRight");
  await new Promise((later) => setTimeout(later, 600));
  return fragment(page);
}

const count = (frame) => textOf(frame, ".count");

forEachBrowser("an embed shows picture and transport, and leads to the page", async (browser) => {
  const hash = await link(browser);
  const page = await browser.open(`index.html?embed${hash}`, { width: 720, height: 420 });
  assert.equal(await page.$(".ed"), null);
  assert.match(await count(page), /^2\//);
  await press(page, "ArrowRight", "ArrowRight");
  assert.match(await count(page), /^4\//);
  assert.match(await textOf(page, ".head a"), /Open at step 4/);
  const [href, target, rel] = await page.$eval(".head a", (a) => [a.href, a.target, a.rel]);
  assert.deepEqual([target, rel], ["_blank", "noopener"]);
  assert.doesNotMatch(href, /embed/);
  const whole = await browser.open(href);
  assert.equal(await step(whole), 4);
  assert.equal(await whole.$eval(".ed textarea", (area) => area.value), SMALL);
});

forEachBrowser("two embeds on one page are independent and leave no trace", async (browser) => {
  const hash = await link(browser);
  const frame = (id) =>
    `<iframe id="${id}" title="${id}" src="play/index.html?embed${hash}" width="720" height="420"></iframe>`;
  const host = await browser.open(await browser.host(`<main>${frame("one")}${frame("two")}</main>`));
  const [one, two] = await Promise.all(["one", "two"].map(async (id) => (await host.$(`#${id}`)).contentFrame()));
  for (const it of [one, two]) await it.waitForSelector(".count");
  await one.click(".tport button:last-child");
  await settled(one);
  assert.match(await count(one), /^3\//);
  assert.match(await count(two), /^2\//);
  assert.equal(await one.evaluate(() => location.hash), hash);
  assert.deepEqual(await one.evaluate(() => [sessionStorage.length, localStorage.length]), [0, 0]);
});

forEachBrowser("an embed fits frames of any size", async (browser) => {
  const hash = await link(browser);
  for (const [width, height] of [[720, 420], [480, 320], [320, 480], [1000, 600]]) {
    const page = await browser.open(`index.html?embed${hash}`, { width, height });
    const over = await page.evaluate(() => [
      document.documentElement.scrollWidth - innerWidth,
      document.documentElement.scrollHeight - innerHeight,
    ]);
    assert.deepEqual(over, [0, 0], `${width} × ${height}`);
    const button = await page.$eval(".tport button", (it) => it.getBoundingClientRect().bottom);
    assert.ok(button <= height, `the transport is visible at ${width} × ${height}`);
  }
});

forEachBrowser("the embed dialog gives a line that works", async (browser) => {
  const page = await browser.open();
  await page.evaluate(() => [...document.querySelectorAll("nav .btn")].find((b) => b.textContent === "Embed").click());
  await page.waitForSelector("dialog textarea");
  const line = await page.$eval("dialog textarea", (area) => area.value);
  assert.doesNotMatch(line, /\n/);
  const host = await browser.open(await browser.host(`<main>${line}</main>`));
  const frame = await (await host.$("iframe")).contentFrame();
  await frame.waitForSelector(".count");
});

forEachBrowser("an embed with a damaged link says so", async (browser) => {
  const page = await browser.open("index.html?embed#1.broken", { width: 720, height: 420 });
  assert.match(await textOf(page, ".notice"), /link/);
});

forEachBrowser("an embed of a comparison shows its lanes, and leads to them", async (browser) => {
  const first = await browser.open();
  await write(first, SMALL.replace("wp data 0+4", "compare data 0+4 wp mkclean zap").replace("expect 2\n", ""));
  const hash = await fragment(first);
  const page = await browser.open(`index.html?embed&compare${hash}`, { width: 720, height: 420, ready: ".cmp-lane" });
  assert.equal((await page.$$(".cmp-lane")).length, 3);
  assert.equal(await page.$(".tabs"), null);
  await press(page, "Home", "ArrowRight", "ArrowRight");
  assert.equal(await step(page), 2);
  const over = await page.evaluate(() => [
    document.documentElement.scrollWidth - innerWidth,
    document.documentElement.scrollHeight - innerHeight,
  ]);
  assert.deepEqual(over, [0, 0]);
  await browser.assertAccessible(page);
  await browser.screenshot(page, "embed-compare");
  const href = await page.$eval(".head a", (a) => a.href);
  assert.match(href, /\?compare#1\./);
  const whole = await browser.open(href, { ready: ".cmp-lane" });
  assert.equal(await step(whole), 2);
});
