// The comparison: lanes side by side, one scrubber, an offer where there is nothing to compare.

import assert from "node:assert/strict";
import { forEachBrowser } from "./harness.mjs";
import { fragment, press, reload, settled, step, textOf, write } from "./page.mjs";

const THREE = `title Three ways
file data shmem 8
proc P1 P2
map A P1 data 0+8 @7f1000000000 rw
map B P2 data 2+4 @7f2000000000 rw
store A 0+4
load B 3+2
compare data 0+8 wp mkclean zap
store A 1
`;

/** The comparison of a text, opened by its link. */
async function compared(browser, text, view = {}) {
  const { width, height, ...rest } = { width: 1440, height: 900, ...view };
  const page = await browser.open("", { width: 1440, height, ...rest });
  await write(page, text);
  const link = await fragment(page);
  await page.setViewport({ width, height });
  await page.evaluate((link) => history.replaceState(null, "", `?compare${link}`), link);
  await reload(page);
  await page.waitForSelector(".cmp-lane");
  return page;
}

const lanes = (page, selector) => page.$$eval(`.cmp-lane ${selector}`, (all) => all.map((it) => it.textContent));

forEachBrowser("a scenario without a compare is offered one", async (browser) => {
  const page = await browser.open("index.html?compare");
  assert.match(await textOf(page, ".cmp-empty code"), /^compare /);
  await browser.assertAccessible(page);
  await page.click(".cmp-empty .btn.solid");
  await page.waitForSelector(".cmp-lane");
  assert.equal((await lanes(page, "h3")).length, 3);
  assert.match(await textOf(page, ".cmp-head h2"), /^Three ways over pages 3–4 of data$/);
});

forEachBrowser("a link opens the comparison where it was shared", async (browser) => {
  const page = await compared(browser, THREE);
  assert.deepEqual(await lanes(page, "h3"), ["wp_shared_mapping_range", "folio_mkclean", "unmap_mapping_pages"]);
  assert.deepEqual(await page.$$eval(".cmp-sheet:first-child thead th", (all) => all.map((it) => it.textContent)), ["wp", "mkclean", "zap"]);
  await press(page, "Home", ...Array(12).fill("ArrowRight"));
  assert.equal(await step(page), 12);
  const said = await lanes(page, ".cmp-say");
  // The address follows a moment later.
  await new Promise((later) => setTimeout(later, 700));
  await reload(page);
  await page.waitForSelector(".cmp-lane");
  assert.equal(await step(page), 12);
  assert.deepEqual(await lanes(page, ".cmp-say"), said);
});

forEachBrowser("one scrubber moves every lane, forth and back to the same pictures", async (browser) => {
  const page = await compared(browser, THREE);
  await press(page, "Home");
  const picture = () => page.$eval("main", (main) => main.innerHTML);
  const seen = [await picture()];
  for (let at = 0; at < 20; at++) {
    await press(page, "ArrowRight");
    seen.push(await picture());
  }
  assert.equal(new Set(seen).size, seen.length, "each step changes the picture");
  for (let at = 19; at >= 0; at--) {
    await press(page, "ArrowLeft");
    assert.equal(await picture(), seen[at], `step ${at + 1}`);
  }
  await press(page, "End");
  const queries = await page.$$eval(".cmp-score tr", (all) => {
    const row = all.find((it) => it.textContent.startsWith("tree queries"));
    return [...row.querySelectorAll(".cmp-n")].map((it) => it.textContent);
  });
  // wp and zap ask the tree once; mkclean once for each of the five pages in the cache.
  assert.deepEqual(queries, ["1 of 1", "5 of 5", "1 of 1"]);
  const slider = await page.$("[role=slider]");
  const box = await slider.boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await settled(page);
  const [at, last] = await slider.evaluate((it) => [Number(it.ariaValueNow), Number(it.ariaValueMax)]);
  assert.ok(Math.abs(at - last / 2) <= 2, `${at} of ${last}`);
});

forEachBrowser("lanes go on together by page and by cost", async (browser) => {
  const page = await compared(browser, THREE);
  const align = async (name) => {
    await page.evaluate((name) => [...document.querySelectorAll(".cmp-align button")].find((it) => it.textContent === name).click(), name);
    await settled(page);
  };
  await align("page");
  await press(page, "Home", "ArrowRight", "ArrowRight");
  assert.match(await textOf(page, ".cmp-head .quiet"), /page 2/);
  await align("cost");
  await press(page, "Home", "ArrowRight");
  assert.match(await textOf(page, ".cmp-head .quiet"), /1 µs in each/);
});

forEachBrowser("a differing entry is taken in hand and told of", async (browser) => {
  const page = await compared(browser, THREE);
  const name = () => textOf(page, ".cmp-part:has(.key) th");
  const before = await name();
  await press(page, "d");
  assert.notEqual(await name(), before);
  await press(page, "D");
  assert.equal(await name(), before);
  const fates = await page.$$eval(".cmp-sheet:first-child tr:last-child .cmp-fig", (all) => all.map((it) => it.textContent));
  assert.match(fates[0], /read-only, dirt moved to bit 58/);
  assert.match(fates[1], /read-only and clean, dirt with the page/);
  assert.match(fates[2], /gone, dirt with the page/);
});

forEachBrowser("prices can be edited and put back", async (browser) => {
  const page = await compared(browser, THREE);
  const total = () => page.$$eval(".cmp-score tr", (all) => all.find((it) => it.textContent.startsWith("both")).textContent);
  const before = await total();
  await page.click(".cmp-prices summary");
  await page.$eval(".cmp-prices input", (it) => {
    it.value = "90000";
    it.dispatchEvent(new Event("change", { bubbles: true }));
  });
  await page.waitForFunction((before) => {
    const row = [...document.querySelectorAll(".cmp-score tr")].find((it) => it.textContent.startsWith("both"));
    return row.textContent !== before;
  }, {}, before);
  await page.click(".cmp-prices > .btn:not(summary)");
  await settled(page);
  assert.equal(await total(), before);
});

forEachBrowser("tabs lead to the stage and back, and so does Back", async (browser) => {
  const page = await compared(browser, THREE);
  const tab = (name) =>
    page.evaluate((name) => [...document.querySelectorAll(".tab")].find((it) => it.textContent === name).click(), name);
  await press(page, "Home", "ArrowRight", "ArrowRight", "ArrowRight");
  await tab("Stage");
  await page.waitForSelector(".pic");
  assert.match(await textOf(page, ".line.here"), /compare data/);
  assert.doesNotMatch(page.url(), /\?compare/);
  await page.goBack();
  await page.waitForSelector(".cmp-lane");
  assert.equal(await step(page), 3);
  await tab("Stage");
  await tab("Compare");
  await page.waitForSelector(".cmp-lane");
  assert.match(page.url(), /\?compare#1/);
});

for (const scheme of ["light", "dark"]) {
  forEachBrowser(`axe finds nothing in a comparison, wide and on a phone, ${scheme}`, async (browser) => {
    const six = THREE.replace("wp mkclean zap", "wp clean-skip mkclean wrprotect zap softclear");
    for (const [text, name] of [[THREE, "three"], [six, "six"]]) {
      const page = await compared(browser, text, { scheme });
      await press(page, "n", "n");
      await browser.assertAccessible(page);
      await browser.screenshot(page, `compare-${name}-${scheme}`);
    }
    const phone = await compared(browser, THREE, { width: 375, height: 812, scheme });
    await press(phone, "n", "n");
    await browser.assertAccessible(phone);
    await browser.screenshot(phone, `compare-phone-${scheme}`);
    assert.equal(await phone.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  });
}
