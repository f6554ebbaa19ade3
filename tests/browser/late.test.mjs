// The parts of the page that come late.

import assert from "node:assert/strict";
import { forEachBrowser } from "./harness.mjs";
import { ask, press, step, textOf } from "./page.mjs";

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
