// The argument, claim by claim; sweeps; a buffer frame by frame.

import assert from "node:assert/strict";
import { forEachBrowser } from "./harness.mjs";
import { fragment, press, reload, settled, textOf, write } from "./page.mjs";

/** Until every claim is worked out. */
const worked = (page) => page.waitForFunction(() => document.querySelectorAll(".arg-verdict").length === 8);

forEachBrowser("every claim gets its verdict, and opens as a scenario", async (browser) => {
  const page = await browser.open("index.html?argument");
  await worked(page);
  const verdicts = await page.$$eval(".arg-claim", (all) =>
    Object.fromEntries(all.map((it) => [it.id, it.querySelector(".arg-verdict").textContent])));
  assert.equal(verdicts.ranges, "holds");
  assert.equal(verdicts.filter, "does not hold");
  await page.click("#ranges .arg-says a");
  await page.waitForSelector(".cmp-lane");
  assert.equal((await page.$$(".cmp-lane")).length, 3);
  // The link follows once the part that writes it is there.
  await fragment(page);
  assert.match(page.url(), /\?compare#1/);
});

forEachBrowser("the gallery leads to the argument, and Back leads away", async (browser) => {
  const page = await browser.open();
  await press(page, "o");
  await page.click(".gallery-more button");
  await page.waitForSelector(".arg");
  assert.equal(await page.$("dialog"), null);
  await fragment(page);
  assert.match(page.url(), /\?argument#1/);
  await page.goBack();
  await page.waitForSelector(".pic, .stg");
});

for (const scheme of ["light", "dark"]) {
  forEachBrowser(`axe finds nothing in the argument, ${scheme}`, async (browser) => {
    const page = await browser.open("index.html?argument", { scheme });
    await worked(page);
    await browser.assertAccessible(page);
    await browser.screenshot(page, `argument-${scheme}`);
    await page.setViewport({ width: 375, height: 812 });
    await settled(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
    await browser.assertAccessible(page);
    await browser.screenshot(page, `argument-phone-${scheme}`);
  });
}

const SWEEP = `title How many mappings
file data shmem 16
proc P
map A P data 0+16 @7f1000000000 rw
store A
compare data 0+16 wp mkclean zap
sweep mappings 1..16
`;

/** The same with points enough for a worker. */
const LARGE = SWEEP.replace("mappings 1..16", "mappings 1..64 present 1..100");

/** The sweep of a text, done. */
async function swept(browser, text, view = {}) {
  const page = await browser.open("", { width: 1440, ...view, height: 900 });
  await write(page, text);
  const link = await fragment(page);
  await page.setViewport({ width: view.width ?? 1440, height: 900 });
  await page.evaluate((link) => history.replaceState(null, "", `?sweep${link}`), link);
  await reload(page);
  await page.waitForSelector(".sweep-chart:nth-child(6)");
  await page.waitForFunction(() => document.querySelector(".sweep-progress") === null);
  return page;
}

for (const scheme of ["light", "dark"]) {
  forEachBrowser(`a sweep draws its charts, wide and on a phone, ${scheme}`, async (browser) => {
    const page = await swept(browser, SWEEP, { scheme });
    const titles = await page.$$eval(".sweep-chart figcaption", (all) => all.map((it) => it.textContent));
    assert.deepEqual(titles.slice(0, 3), ["cost of the job", "tree queries", "tree nodes visited"]);
    await browser.assertAccessible(page);
    await browser.screenshot(page, `sweep-${scheme}`);
    await page.setViewport({ width: 375, height: 812 });
    await settled(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
    await browser.assertAccessible(page);
    await browser.screenshot(page, `sweep-phone-${scheme}`);
  });
}

forEachBrowser("a point of a sweep opens as a scenario", async (browser) => {
  const page = await swept(browser, SWEEP);
  await page.click(".sweep-chart summary");
  await page.$$eval(".sweep-chart:first-child tbody .key", (all) => all.at(-1).click());
  await page.waitForSelector(".cmp-lane");
  assert.match(await textOf(page, ".cmp-head h2"), /^Three ways over pages 0–15 of/);
});

forEachBrowser("a sweep is measured by a worker, can be stopped, and goes on", async (browser) => {
  const page = await browser.open();
  await write(page, LARGE);
  const link = await fragment(page);
  await page.evaluate((link) => history.replaceState(null, "", `?sweep${link}`), link);
  await reload(page);
  // Stopped when some is measured and the worker at work, from within: it may not take long.
  await page.waitForFunction(() => {
    const { value, max } = document.querySelector("progress") ?? { value: 0, max: 1 };
    const measured = value > max / 3;
    if (measured) document.querySelector(".sweep-progress .btn").click();
    return measured;
  });
  await settled(page);
  assert.match(await textOf(page, ".sweep-progress"), /^Stopped after \d+ of \d+ points/);
  await page.click(".sweep-progress .btn");
  await page.waitForSelector(".sweep-chart:nth-child(6)");
  await page.waitForFunction(() => document.querySelector(".sweep-progress") === null);
  assert.match(await textOf(page, ".sweep .quiet ~ .quiet, .sweep > .quiet"), /points, each a scenario/);
});

forEachBrowser("without a worker a sweep is measured all the same", async (browser) => {
  browser.expectProblem(/worker\.js/);
  await browser.refuse(/worker\.js$/);
  const page = await swept(browser, LARGE);
  assert.match(await textOf(page, ".sweep > .quiet"), /^1184 points/);
  await browser.refuse(/$^/);
});

forEachBrowser("a comparison without a sweep is offered one", async (browser) => {
  const page = await browser.open("index.html?sweep");
  await page.click(".cmp-empty .btn.solid");
  await page.waitForSelector(".cmp-empty .btn.solid");
  await browser.assertAccessible(page);
  await page.click(".cmp-empty .btn.solid");
  await page.waitForSelector(".cmp-lane");
  await page.evaluate(() => [...document.querySelectorAll(".cmp-head .btn")].find((it) => it.textContent === "Sweep").click());
  await page.waitForSelector(".cmp-empty .btn.solid");
  await page.click(".cmp-empty .btn.solid");
  await page.waitForSelector(".sweep-chart");
});

for (const scheme of ["light", "dark"]) {
  forEachBrowser(`a story of frames is told, its thresholds moved, ${scheme}`, async (browser) => {
    const page = await browser.open("index.html?frames", { scheme });
    await page.waitForSelector(".cmp-empty .btn.solid");
    await page.click(".cmp-empty .btn.solid");
    const verdict = () => textOf(page, ".film-verdict");
    const told = () => page.waitForFunction(() => /as the driver decides/.test(document.querySelector(".film-verdict")?.textContent), { timeout: 60000 });
    await told();
    assert.match(await textOf(page, ".film-switches"), /frame 83: to page tables, at frame 183: to faults/);
    const before = await verdict();
    await press(page, "n");
    assert.equal(await textOf(page, ".cmp-foot .step b"), "83");
    await browser.assertAccessible(page);
    await browser.screenshot(page, `frames-${scheme}`);
    await page.$eval(".film-asks input", (it) => {
      it.value = "50";
      it.dispatchEvent(new Event("change", { bubbles: true }));
    });
    await page.waitForFunction((before) => document.querySelector(".film-verdict").textContent !== before, {}, before);
    await told();
    assert.notEqual(await verdict(), before);
    await page.setViewport({ width: 375, height: 812 });
    await settled(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
    await browser.assertAccessible(page);
    await browser.screenshot(page, `frames-phone-${scheme}`);
  });
}
