// For everyone: screen readers, keyboards, small screens, both schemes.

import assert from "node:assert/strict";
import { forEachBrowser } from "./harness.mjs";
import { press, settled, textOf } from "./page.mjs";

const WIDE = { width: 1440, height: 900 };
const PHONE = { width: 375, height: 812 };

for (const scheme of ["light", "dark"]) {
  forEachBrowser(`axe finds nothing on the page, ${scheme}`, async (browser) => {
    const page = await browser.open("", { ...WIDE, scheme });
    await press(page, "n", "n");
    await browser.assertAccessible(page);
    await browser.screenshot(page, `wide-${scheme}`);
    for (const key of ["o", "s", "?", "g"]) {
      await press(page, key);
      await page.waitForSelector("dialog[open]");
      await browser.assertAccessible(page);
      await browser.screenshot(page, `dialog-${key === "?" ? "keys" : key}-${scheme}`);
      await press(page, "Escape");
    }
  });

  forEachBrowser(`axe finds nothing on a phone and in an embed, ${scheme}`, async (browser) => {
    const phone = await browser.open("", { ...PHONE, scheme });
    await press(phone, "n", "n");
    await browser.assertAccessible(phone);
    await browser.screenshot(phone, `phone-${scheme}`);
    const embed = await browser.open("index.html?embed", { width: 720, height: 420, scheme });
    await press(embed, "n", "n");
    await browser.assertAccessible(embed);
    await browser.screenshot(embed, `embed-${scheme}`);
  });
}

forEachBrowser("nothing sticks out at any width", async (browser) => {
  for (const width of [320, 375, 640, 641, 900, 1179, 1180, 1440, 2200]) {
    const page = await browser.open("", { width, height: 800 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(over, 0, `${width} px`);
  }
});

forEachBrowser("what is pressed on a phone is large enough", async (browser) => {
  const page = await browser.open("", PHONE);
  const small = await page.$$eval(".head button, .tport button", (all) =>
    all.map((it) => it.getBoundingClientRect()).filter((it) => it.width < 44 || it.height < 44).length);
  assert.equal(small, 0);
  const wide = await browser.open("", WIDE);
  const tiny = await wide.$$eval(".page button:not(main *), .page select", (all) =>
    all.map((it) => [it.textContent, it.getBoundingClientRect()])
      .filter(([, it]) => it.width < 24 || it.height < 24).map(([text]) => text));
  assert.deepEqual(tiny, []);
});

forEachBrowser("on a phone the editor is a sheet", async (browser) => {
  const page = await browser.open("", PHONE);
  await page.evaluate(() => [...document.querySelectorAll("nav .btn")].find((b) => b.textContent === "Scenario").click());
  await page.waitForSelector("dialog.sheet textarea");
  await browser.assertAccessible(page);
  await browser.screenshot(page, "phone-editor");
  await page.type("dialog.sheet textarea", "# seen ");
  await press(page, "Escape");
  await press(page, "Escape");
  assert.equal(await page.$("dialog"), null);
});

forEachBrowser("dialogs keep the focus and give it back", async (browser) => {
  const page = await browser.open();
  await page.focus(".pick");
  await press(page, "Enter");
  await page.waitForSelector("dialog[open]");
  assert.equal(await page.evaluate(() => document.activeElement.closest("dialog") !== null), true);
  await press(page, "Escape");
  assert.equal(await page.evaluate(() => document.activeElement.className), "btn pick");
});

forEachBrowser("steps taken by hand are read out, played ones are not", async (browser) => {
  const page = await browser.open();
  await press(page, "ArrowRight");
  const said = await textOf(page, ".spoken");
  assert.ok(said.length > 10);
  await press(page, "ArrowRight");
  assert.notEqual(await textOf(page, ".spoken"), said);
  await press(page, "]", "]", "]", " ");
  await page.waitForFunction(() => Number(document.querySelector(".step b").textContent) > 8);
  assert.equal(await textOf(page, ".spoken"), "");
});

forEachBrowser("everything can be reached by Tab, in order", async (browser) => {
  const page = await browser.open();
  await press(page, "n");
  const order = [];
  for (let at = 0; at < 60; at++) {
    await page.keyboard.press("Tab");
    const place = await page.evaluate(() => {
      const part = document.activeElement.closest("header, .side, main, .keys, .time");
      return part ? (part.className.split(" ")[0] || part.tagName) : "";
    });
    if (place && order.at(-1) !== place) order.push(place);
    if (place === "time") break;
  }
  await settled(page);
  assert.deepEqual(order, ["head", "side", "pic", "keys", "time"]);
});
