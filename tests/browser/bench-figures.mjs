// Runs the figures of crates/bench in Chromium and prints their lines.
// The argument is the folder with the program, as wasm-bindgen wrote it.

import { launch } from "./browsers.mjs";
import { serve } from "./server.mjs";

const server = await serve(process.argv[2]);
const browser = await launch("chromium");
try {
  const page = await browser.newPage();
  page.on("console", (message) => console.log(message.text()));
  await page.goto(await server.page(""));
  page.setDefaultTimeout(0);
  await page.evaluate(async (program) => void (await (await import(program)).default()), `${server.url}rangewalk-bench.js`);
} finally {
  await browser.close();
  server.close();
}
