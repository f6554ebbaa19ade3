// What the tests of the page ask and do again and again.

/** The text of the first element that matches. */
export const textOf = (page, selector) => page.$eval(selector, (element) => element.textContent);

/** Steps done of the statement. */
export const step = async (page) => Number(await textOf(page, ".step b"));

/** The picture as it stands, once it has been drawn. */
export async function picture(page) {
  await settled(page);
  return page.$eval("main", (main) => main.innerHTML);
}

/** Waits until what was asked for has been drawn. */
export const settled = (page) =>
  page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn))));

/** Presses keys one after the other. */
export async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
  await settled(page);
}

/** Presses a key that opens a dialog, and waits for it: the code behind it may still be on its way. */
export async function ask(page, key) {
  await press(page, key);
  await page.waitForSelector("dialog[open]");
}

/** Loads the page anew once it has what it asked for: Firefox tells of what is broken off. */
export async function reload(page) {
  await page.waitForNetworkIdle({ idleTime: 250 });
  await page.reload();
}

/** Waits until the address bar holds a link and answers its fragment. */
export async function fragment(page) {
  await page.waitForFunction(() => location.hash.length > 1);
  return page.evaluate(() => location.hash);
}

/** Replaces the text of the editor as if it were typed, and waits until it has run. */
export async function write(page, text) {
  await page.$eval(".ed textarea", (area) => {
    area.focus();
    area.select();
  });
  await page.evaluate((text) => document.execCommand("insertText", false, text), text);
  await page.waitForFunction((text) => document.querySelector(".ed textarea").value === text, {}, text);
  await page.waitForFunction(() => new Promise((later) => setTimeout(() => later(true), 200)));
  // The emulator may still be on its way.
  await page.waitForFunction(() => !document.querySelector(".ed[aria-busy]"));
}

/** A small scenario with one walk. */
export const SMALL = `title Two pages
file data shmem 4
proc P
map A P data 0+4 @7f0000000000 rw
store A 0+2
wp data 0+4
expect 2
`;
