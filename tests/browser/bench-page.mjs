// What the benches of the page have in common: a page in Chromium with a scenario in it, the time that
// its main thread has worked, and rows of figures.

import { launch } from "./browsers.mjs";
import { write } from "./page.mjs";
import { serve } from "./server.mjs";

/** The built page (the folder named on the command line, dist/ if none is) with this text in its editor. */
export async function pageWith(text) {
  const server = await serve(process.argv[2] ?? "dist");
  const browser = await launch("chromium", "light", "no-preference");
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.log("error:", error.message));
  await page.setViewport({ width: 1440, height: 900 });
  await page.goto(new URL("index.html", server.url).href);
  await page.waitForSelector("main");
  await write(page, text);
  const close = async () => {
    await browser.close();
    server.close();
    process.exit(0);
  };
  return { page, close };
}

/** A function that says how many milliseconds the main thread has worked: machines are busy. */
export async function mainThread(page) {
  const session = await page.createCDPSession();
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find((it) => it.name === "TaskDuration").value * 1000;
  };
}

/** A row for `cargo xtask bench`. */
export const figure = (name, value, unit, target) =>
  console.log(["figure", name, value, unit, target].join("\t"));
