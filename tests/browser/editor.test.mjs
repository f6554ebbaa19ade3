// The editor: what is typed runs, is never lost, and says what is wrong with it.

import assert from "node:assert/strict";
import { forEachBrowser } from "./harness.mjs";
import { SMALL, ask, press, reload, settled, step, textOf, write } from "./page.mjs";

const value = (page) => page.$eval(".ed textarea", (area) => area.value);
const marks = (page) => page.$$eval(".line .ok, .line .bad", (all) => all.map((it) => it.textContent));

forEachBrowser("what is typed runs", async (browser) => {
  const page = await browser.open();
  await write(page, SMALL);
  assert.equal(await textOf(page, ".pick h1"), "Two pages");
  assert.deepEqual(await marks(page), ["✓ 2"]);
  await write(page, SMALL.replace("expect 2", "expect 3"));
  assert.deepEqual(await marks(page), ["✗ 2"]);
  assert.match(await textOf(page, ".remark.error"), /line 7/);
});

forEachBrowser("a mistake is said where it is, and what stands above it still runs", async (browser) => {
  const page = await browser.open();
  const wrong = SMALL.replace("wp data", "wq data");
  await write(page, wrong);
  assert.match(await textOf(page, ".remark"), /line 6, column|line 6/);
  assert.equal(await textOf(page, ".wavy.error"), "wq");
  assert.match(await textOf(page, ".whole"), /statement \d+ of 3/);
  assert.equal(await value(page), wrong);
  await page.click(".remark");
  const caret = await page.$eval(".ed textarea", (area) => area.selectionStart);
  assert.equal(caret, wrong.indexOf("wq"));
});

forEachBrowser("keys typed into the editor are the editor's own", async (browser) => {
  const page = await browser.open();
  const before = await step(page);
  await page.focus(".ed textarea");
  await press(page, "n", "g", "ArrowRight", " ");
  assert.equal(await step(page), before);
  assert.equal(await page.$("dialog"), null);
  await press(page, "Escape", "ArrowRight");
  assert.equal(await step(page), before + 1);
});

forEachBrowser("a text survives a reload, and the gallery", async (browser) => {
  const page = await browser.open();
  const unsound = `${SMALL}what is this\n`;
  await write(page, unsound);
  await reload(page);
  await page.waitForSelector("main");
  assert.equal(await value(page), unsound);

  await write(page, `${unsound}# more\n`);
  await page.keyboard.press("Escape");
  await ask(page, "o");
  await page.click(".card");
  await settled(page);
  assert.notEqual(await value(page), `${unsound}# more\n`);
  await page.click(".notice .strong");
  await settled(page);
  assert.equal(await value(page), `${unsound}# more\n`);
});

forEachBrowser("the kernel can be changed, and stands in the text", async (browser) => {
  const page = await browser.open();
  await page.select(".kernel", "6.1");
  await settled(page);
  assert.match(await value(page), /^kernel 6\.1$/m);
  await page.select(".kernel", "7.3");
  await settled(page);
  assert.match(await value(page), /^kernel 7\.3$/m);
  assert.doesNotMatch(await value(page), /6\.1/);
});

forEachBrowser("text and mirror wrap alike", async (browser) => {
  const page = await browser.open();
  await write(page, `note ${"words that go on and on ".repeat(4)}\n${"x".repeat(300)}\n\n# end`);
  const [area, mirror] = await page.evaluate(() => [
    document.querySelector(".ed textarea").scrollHeight,
    document.querySelector(".mirror").scrollHeight,
  ]);
  assert.equal(area, mirror);
});

forEachBrowser("an empty text says that nothing happens", async (browser) => {
  const page = await browser.open();
  await write(page, "");
  assert.match(await textOf(page, "main"), /Nothing happens yet/);
  await page.keyboard.press("Escape");
  await press(page, "ArrowRight", "ArrowLeft", "n", "End", "Home", "PageUp", "ArrowUp", " ");
  assert.equal(await step(page), 0);
});

forEachBrowser("a very long text is refused in words", async (browser) => {
  const page = await browser.open();
  await page.$eval(".ed textarea", (area) => {
    area.value = "# filler\n".repeat(40_000);
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  });
  await page.waitForSelector(".remark.error");
  assert.match(await textOf(page, ".remark.error"), /360000 bytes/);
});

forEachBrowser("a bug of ours does not take the text along", async (browser) => {
  browser.expectProblem(/panicked|unreachable/);
  const page = await browser.open();
  await write(page, SMALL);
  await page.keyboard.press("Escape");
  // The browser refuses something it never refuses.
  await page.evaluate(() => {
    const { setAttribute } = Element.prototype;
    Element.prototype.setAttribute = function () {
      Element.prototype.setAttribute = setAttribute;
      throw new Error("refused");
    };
  });
  await page.keyboard.press("PageUp");
  await page.waitForSelector(".panic");
  assert.equal(await page.$eval(".panic textarea", (area) => area.value), SMALL);
});
