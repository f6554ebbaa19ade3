// Asks Lighthouse about the built page, on its simulated phone, and prints each score as a figure's line.

import lighthouse from "lighthouse";
import { launch } from "./browsers.mjs";
import { serve } from "./server.mjs";

const CATEGORIES = ["performance", "accessibility", "best-practices"];
const TARGET = 95;

const server = await serve("dist");
const browser = await launch("chromium");
try {
  const page = await browser.newPage();
  const { lhr } = await lighthouse(server.url, { onlyCategories: CATEGORIES, logLevel: "error" }, undefined, page);
  for (const { title, score } of Object.values(lhr.categories)) {
    console.log(["figure", `Lighthouse: ${title.toLowerCase()}`, Math.round(score * 100), "of 100", `>= ${TARGET}`].join("\t"));
  }
  for (const audit of Object.values(lhr.audits)) {
    if (audit.score !== null && audit.score < 0.9) console.log(`  ${audit.title}: ${audit.displayValue ?? audit.score}`);
  }
} finally {
  await browser.close();
  server.close();
}
