// Moving through a run: keys, buttons, scrubber, gallery.

import assert from "node:assert/strict";
import { forEachBrowser } from "./harness.mjs";
import { ask, picture, press, settled, step, textOf } from "./page.mjs";

forEachBrowser("the page opens where a walk has first changed an entry", async (browser) => {
  const page = await browser.open();
  assert.match(await textOf(page, ".line.here"), /wp/);
  assert.match(await textOf(page, ".stg-say"), /is write-protected\. The store cleared W/);
  const opened = await step(page);
  // It was taken out by the change before, and nothing changed before that.
  await press(page, "N");
  assert.match(await textOf(page, ".stg-say"), /is taken out/);
  await press(page, "n");
  assert.equal(await step(page), opened);
  await press(page, "Home");
  assert.equal(await step(page), 1);
  assert.match(await page.title(), /· Rangewalk$/);
});

forEachBrowser("steps lead back to the same pictures", async (browser) => {
  const page = await browser.open();
  const seen = [await picture(page)];
  for (let at = 0; at < 25; at++) {
    await press(page, "ArrowRight");
    seen.push(await picture(page));
  }
  assert.equal(new Set(seen).size, seen.length, "each step changes the picture");
  for (let at = 24; at >= 0; at--) {
    await press(page, "ArrowLeft");
    assert.equal(await picture(page), seen[at], `step ${at + 1}`);
  }
});

forEachBrowser("jumps land on what they name", async (browser) => {
  const page = await browser.open();
  await press(page, "n");
  const change = await step(page);
  assert.ok(change > 1);
  await press(page, "n", "n", "N", "N");
  assert.equal(await step(page), change);
  await press(page, "End");
  const last = await step(page);
  assert.match(await textOf(page, ".step span"), new RegExp(`of ${last} steps`));
  await press(page, "Home");
  assert.equal(await step(page), 1);
  await press(page, "ArrowDown");
  const over = await step(page);
  assert.ok(over > 10, `stepping over a call took ${over - 1} steps`);
  await press(page, "PageUp");
  await press(page, "PageUp");
  assert.doesNotMatch(await textOf(page, ".line.here"), /wp/);
  await press(page, "PageDown");
  assert.match(await textOf(page, ".line.here"), /wp/);
});

forEachBrowser("a number leads to its step", async (browser) => {
  const page = await browser.open();
  await ask(page, "g");
  await page.keyboard.type("12");
  await press(page, "Enter");
  assert.equal(await step(page), 12);
  assert.equal(await page.$("dialog"), null);
});

forEachBrowser("the scrubber follows pointer and keys", async (browser) => {
  const page = await browser.open();
  const slider = await page.$("[role=slider]");
  const box = await slider.boundingBox();
  await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
  await page.mouse.down();
  await settled(page);
  const quarter = await step(page);
  await page.mouse.move(box.x + box.width * 0.75, box.y + 40, { steps: 5 });
  await settled(page);
  const late = await step(page);
  await page.mouse.up();
  assert.ok(1 < quarter && quarter < late);
  await page.mouse.move(box.x + 10, box.y + 40);
  await settled(page);
  assert.equal(await step(page), late, "let go, it stays");

  await slider.focus();
  await press(page, "ArrowLeft");
  assert.equal(await step(page), late - 1);
  const now = await slider.evaluate((it) => [it.ariaValueNow, it.ariaValueText.length > 10]);
  assert.deepEqual(now, [String(late - 1), true]);
  await press(page, "End");
  assert.equal(await slider.evaluate((it) => it.ariaValueNow === it.ariaValueMax), true);
});

forEachBrowser("a click on a call goes to its first step", async (browser) => {
  const page = await browser.open();
  await press(page, "End");
  const at = await page.evaluate(() => {
    const names = [...document.querySelectorAll(".call-name")];
    const box = names.find((name) => name.textContent === "walk_pte_range").getBoundingClientRect();
    return { x: box.x + 4, y: box.y + box.height / 2 };
  });
  await page.mouse.click(at.x, at.y);
  await settled(page);
  assert.match(await textOf(page, ".stg-stack .top"), /walk_pte_range/);
});

forEachBrowser("it plays, faster when asked, and stops", async (browser) => {
  const page = await browser.open();
  await press(page, "]", "]", "]", " ");
  await page.waitForFunction(() => Number(document.querySelector(".step b").textContent) > 20);
  await press(page, " ");
  const stopped = await step(page);
  await new Promise((later) => setTimeout(later, 200));
  assert.equal(await step(page), stopped);
});

forEachBrowser("with reduced motion it plays in few jumps", async (browser) => {
  const page = await browser.open("", { motion: "reduce" });
  const eased = await page.$$eval("main *, .playhead", (all) =>
    all.filter((it) => getComputedStyle(it).transitionDuration.split(",").some((s) => parseFloat(s) > 0)).length);
  assert.equal(eased, 0);
  await page.evaluate(() => {
    window.jumps = 0;
    const seen = new MutationObserver(() => window.jumps++);
    seen.observe(document.querySelector(".step b"), { characterData: true, childList: true, subtree: true });
  });
  await press(page, "]", "]", "]", " ");
  await page.waitForFunction(() => Number(document.querySelector(".step b").textContent) > 30);
  const [jumps, at] = [await page.evaluate(() => window.jumps), await step(page)];
  assert.ok(jumps < at / 3, `${jumps} pictures for ${at} steps`);
});

forEachBrowser("every scenario of the gallery opens, runs and can be left by Back", async (browser) => {
  const page = await browser.open();
  await ask(page, "o");
  const titles = await page.$$eval(".card b", (all) => all.map((it) => it.textContent));
  assert.ok(titles.length >= 8);
  await press(page, "Escape");
  for (const [index, title] of titles.entries()) {
    await press(page, "o");
    await page.$$eval(".card", (cards, index) => cards[index].click(), index);
    await settled(page);
    assert.equal(await textOf(page, ".pick h1"), title);
    assert.equal(await page.$(".remark.error"), null, `${title} has errors`);
    assert.equal(await page.$("dialog"), null);
    await press(page, "ArrowRight", "n", "End", "End", "Home");
  }
  await page.goBack();
  await page.waitForFunction((title) => document.querySelector(".pick h1").textContent === title, {}, titles.at(-2));
});
