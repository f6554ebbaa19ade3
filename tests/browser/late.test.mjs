// The parts of the page that come late.

import assert from "node:assert/strict";
import { forEachBrowser } from "./harness.mjs";
import { SMALL, ask, fragment, picture, press, step, textOf } from "./page.mjs";

const LATE = /split_|chunk_/;
const NOTHING = /$^/;

forEachBrowser("without its late parts the page steps, and says what it lacks", async (browser) => {
  browser.expectProblem(/split_|chunk_/);
  browser.expectProblem(/404|TypeError|status|JSHandle@error/);
  await browser.refuse(LATE);
  try {
    const page = await browser.open();
    const before = await step(page);
    await press(page, "ArrowRight");
    assert.equal(await step(page), before + 1);
    await everyStepIsTold(page);
    await press(page, "?");
    await page.waitForSelector(".notice.bad");
    assert.match(await textOf(page, ".notice.bad"), /could not be loaded/);
    assert.equal(await page.$("dialog"), null);
    // The network is back.
    await browser.refuse(NOTHING);
    await ask(page, "?");
  } finally {
    await browser.refuse(NOTHING);
  }
});

/** From the start to the end no step is without its sentence. */
async function everyStepIsTold(page) {
  const untold = await page.evaluate(async () => {
    const text = (selector) => document.querySelector(selector).textContent;
    const place = () => text(".whole").match(/(\d+) of (\d+) in all/).slice(1).map(Number);
    const key = async (key) => {
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      await new Promise((drawn) => setTimeout(drawn));
    };
    while (place()[0] > 0) await key("Home");
    const untold = [];
    for (let [at, steps] = place(); at < steps; at += 1) {
      await key("ArrowRight");
      if (place()[0] !== at + 1 || !/\w+.*\./.test(text(".stg-say"))) untold.push(at + 1);
    }
    return untold;
  });
  assert.deepEqual(untold, []);
}

forEachBrowser("without the emulator the opening run looks as with it", async (browser) => {
  browser.expectProblem(/split_|chunk_/);
  browser.expectProblem(/404|TypeError|status|JSHandle@error/);
  const changes = async (page) => {
    const seen = [];
    for (let change = 0; change < 8; change += 1) {
      await press(page, "n");
      seen.push(await picture(page));
    }
    return seen;
  };
  await browser.refuse(LATE);
  try {
    const without = await changes(await browser.open());
    // It asks for the emulator when it is idle, which on a fast machine is later than all of this.
    await browser.problem(/split_emulator/);
    await browser.refuse(NOTHING);
    const page = await browser.open();
    // The link is written when its part is here, which comes with the emulator.
    await press(page, "ArrowRight", "ArrowLeft");
    await fragment(page);
    await page.waitForFunction(() => performance.getEntriesByName(new URL("split_emulator.wasm",
      document.querySelector("link[rel=modulepreload]").href).href).length > 0);
    assert.deepEqual(await changes(page), without);
  } finally {
    await browser.refuse(NOTHING);
  }
});

forEachBrowser("what is typed before the emulator is here runs when it comes", async (browser) => {
  browser.expectProblem(/split_|chunk_/);
  browser.expectProblem(/404|TypeError|status|JSHandle@error/);
  await browser.refuse(LATE);
  try {
    const page = await browser.open();
    await page.$eval(".ed textarea", (area) => area.select());
    await page.focus(".ed textarea");
    await page.evaluate((text) => document.execCommand("insertText", false, text), SMALL);
    await page.waitForSelector(".notice.bad");
    await page.waitForSelector(".ed[aria-busy]");
    await browser.refuse(NOTHING);
    await page.keyboard.type("#");
    await page.waitForSelector(".ed:not([aria-busy])");
    assert.match(await page.title(), /Two pages/);
  } finally {
    await browser.refuse(NOTHING);
  }
});

forEachBrowser("a link that cannot be read yet opens the first scenario and says so", async (browser) => {
  browser.expectProblem(/split_|chunk_/);
  browser.expectProblem(/404|TypeError|status|JSHandle@error/);
  await browser.refuse(LATE);
  try {
    const page = await browser.open("index.html#1.anything");
    await page.waitForSelector(".notice.bad");
  } finally {
    await browser.refuse(NOTHING);
  }
});
