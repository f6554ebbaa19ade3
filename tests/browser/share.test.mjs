// Links: the address bar holds scenario and step, and what comes in by it is never trusted.

import assert from "node:assert/strict";
import { forEachBrowser } from "./harness.mjs";
import { SMALL, ask, fragment, picture, press, reload, settled, step, textOf, write } from "./page.mjs";

forEachBrowser("the address bar leads back to scenario and step", async (browser) => {
  const page = await browser.open();
  await write(page, SMALL);
  await page.keyboard.press("Escape");
  await press(page, "End", "ArrowLeft", "ArrowLeft", "ArrowLeft");
  await page.waitForFunction(() => new Promise((later) => setTimeout(() => later(true), 600)));
  const [at, seen, link] = [await step(page), await picture(page), await fragment(page)];
  assert.match(link, /^#1\.[\w-]+$/);
  const other = await browser.open(link);
  assert.equal(await step(other), at);
  assert.equal(await picture(other), seen);
  assert.equal(await other.$eval(".ed textarea", (area) => area.value), SMALL);
});

forEachBrowser("mere looking leaves the address alone", async (browser) => {
  const page = await browser.open();
  await ask(page, "?");
  await press(page, "Escape");
  await ask(page, "o");
  await press(page, "Escape", "]", "+");
  await new Promise((later) => setTimeout(later, 500));
  assert.equal(await page.evaluate(() => location.hash), "");
});

forEachBrowser("the link can be copied, by hand at least", async (browser) => {
  const page = await browser.open();
  await press(page, "Home", "ArrowRight");
  await ask(page, "s");
  const shown = await page.$eval("dialog textarea", (area) => area.value);
  assert.match(shown, /\/play\/(index\.html)?#1\./);
  await page.click("dialog .solid");
  await page.waitForFunction(() => document.querySelector("dialog [role=status]").textContent !== "");
  assert.match(await textOf(page, "dialog [role=status]"), /^Copied|copy it by hand/);
  const other = await browser.open(shown);
  assert.equal(await step(other), 2);
});

const BAD = {
  damaged: "#1.MA4BWekDPyK9lkEOgyAQRfc9hQ",
  foreign: "#section-2",
  newer: "#99.AAAA",
  oversized: `#1.${"A".repeat(200_000)}`,
  bomb: `#1.${"eJztwTEBAAAAwqD1T20ND6AAAAAAAAAA".repeat(50)}`,
  unicode: "#1.%F0%9F%92%A9",
};

for (const [name, hash] of Object.entries(BAD)) {
  forEachBrowser(`a ${name} link is said so, and the gallery opens`, async (browser) => {
    const page = await browser.open(hash);
    await page.waitForSelector(".gallery .card");
    assert.match(await textOf(page, ".notice"), /link/);
    await press(page, "Escape");
    await page.waitForFunction(() => !document.querySelector("dialog"));
    await press(page, "Home", "ArrowRight");
    assert.equal(await step(page), 2, "the page is alive");
  });
}

forEachBrowser("a link pasted into the open page is followed, a bad one changes nothing", async (browser) => {
  const page = await browser.open();
  await write(page, SMALL);
  await new Promise((later) => setTimeout(later, 500));
  const link = await fragment(page);
  const other = await browser.open();
  await other.evaluate((link) => (location.hash = link), link);
  await other.waitForFunction(() => document.querySelector(".pick h1").textContent === "Two pages");
  await other.evaluate(() => (location.hash = "#1.broken"));
  await other.waitForSelector(".notice");
  assert.equal(await other.$eval(".ed textarea", (area) => area.value), SMALL);
});

forEachBrowser("a view is shared and exported as it stands", async (browser) => {
  const page = await browser.open();
  await write(page, SMALL.replace("wp data 0+4", "compare data 0+4 wp mkclean zap").replace("expect 2\n", ""));
  const hash = await fragment(page);
  await page.evaluate((hash) => history.replaceState(null, "", `?compare${hash}`), hash);
  await reload(page);
  await page.waitForSelector(".cmp-lane");
  await press(page, "Home", "ArrowRight", "ArrowRight");
  await ask(page, "s");
  assert.match(await textOf(page, "dialog p"), /^Opens this comparison where it stands, at 2 of \d+\./);
  const link = await page.$eval("dialog textarea", (area) => area.value);
  assert.match(link, /\?compare#1\./);
  await press(page, "Escape");
  const other = await browser.open(link, { ready: ".cmp-lane" });
  assert.equal(await step(other), 2);
  // A page behind another one draws nothing.
  await page.bringToFront();
  await page.evaluate(() => {
    window.files = [];
    URL.createObjectURL = (blob) => (window.files.push(blob), "blob:kept");
    HTMLAnchorElement.prototype.click = () => {};
    [...document.querySelectorAll("nav .btn")].find((b) => b.textContent === "Export").click();
  });
  await page.waitForSelector("dialog .rows");
  await page.click("dialog .rows li:first-child button");
  await settled(page);
  const picture = await page.evaluate(() => window.files[0].text());
  const elsewhere = await browser.open(await browser.host("<main></main>"));
  const seen = await elsewhere.evaluate((picture) => {
    const svg = new DOMParser().parseFromString(picture, "image/svg+xml");
    return [svg.documentElement.nodeName, svg.querySelectorAll(".cmp-lane").length, svg.querySelector("metadata")?.textContent];
  }, picture);
  assert.deepEqual(seen.slice(0, 2), ["svg", 3]);
  assert.match(seen[2], /compare data 0\+4 wp mkclean zap/);
});

forEachBrowser("the exported picture stands alone and carries its scenario", async (browser) => {
  const page = await browser.open();
  await page.evaluate(() => {
    window.files = [];
    const keep = (blob) => (window.files.push(blob), "blob:kept");
    URL.createObjectURL = keep;
    HTMLAnchorElement.prototype.click = function () { window.files.push(this.download); };
  });
  for (const row of [1, 3, 4]) {
    await page.evaluate(() => [...document.querySelectorAll("nav .btn")].find((b) => b.textContent === "Export").click());
    await page.waitForSelector("dialog .rows");
    await page.click(`dialog .rows li:nth-child(${row}) button`);
    await settled(page);
  }
  const [picture, first, scenario, second, trace, third] = await page.evaluate(() =>
    Promise.all(window.files.map((file) => (typeof file === "string" ? file : file.text()))));
  assert.deepEqual([first, second, third].map((name) => name.split(".").pop()), ["svg", "txt", "txt"]);
  const text = await page.$eval(".ed textarea", (area) => area.value);
  assert.equal(scenario, text);
  // Its style sheet is inside: looked at on a page without our policy, as it will be.
  const elsewhere = await browser.open(await browser.host("<main></main>"));
  const [root, kept] = await elsewhere.evaluate((picture) => {
    const document = new DOMParser().parseFromString(picture, "image/svg+xml");
    return [document.documentElement.nodeName, document.querySelector("metadata")?.textContent];
  }, picture);
  assert.deepEqual([root, kept], ["svg", text]);
  assert.ok(trace.split("\n").length > 50);
  // What is drawn with letters is set as on the page.
  const sizes = await elsewhere.evaluate((picture) => {
    document.querySelector("main").innerHTML = picture;
    return [...new Set([...document.querySelectorAll("svg svg text")].map((it) => getComputedStyle(it).fontSize))];
  }, picture);
  assert.ok(sizes.length > 1 && sizes.every((size) => parseFloat(size) < 16), `${sizes}`);
});

forEachBrowser("a picture is painted as it stands, on the stage and of lanes", async (browser) => {
  const page = await browser.open();
  await write(page, SMALL.replace("wp data 0+4", "compare data 0+4 wp mkclean zap").replace("expect 2\n", ""));
  const hash = await fragment(page);
  for (const [query, ready] of [["", ".pic"], ["?compare", ".cmp-lane"]]) {
    await page.evaluate((address) => history.replaceState(null, "", address), (query || "?") + hash);
    await reload(page);
    await page.waitForSelector(ready);
    await page.evaluate(() => {
      HTMLAnchorElement.prototype.click = function () { window.painted = [this.download, this.href]; };
      [...document.querySelectorAll("nav .btn")].find((b) => b.textContent === "Export").click();
    });
    await page.waitForSelector("dialog .rows");
    await page.click("dialog .rows li:nth-child(2) button");
    await page.waitForFunction(() => window.painted);
    const [name, colours] = await page.evaluate(async () => {
      const image = new Image();
      image.src = window.painted[1];
      await image.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
      const paint = canvas.getContext("2d");
      paint.drawImage(image, 0, 0);
      const words = new Uint32Array(paint.getImageData(0, 0, image.width, image.height).data.buffer);
      return [window.painted[0], new Set(words).size];
    });
    assert.match(name, /^two-pages\.png$/);
    assert.ok(colours > 20, `${colours} colours`);
  }
});
