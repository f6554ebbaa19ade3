// Asks Lighthouse about the built page, on its simulated phone, and prints each score as a figure's line:
// those of the middle one of several runs, for one run alone is off by some points.

import lighthouse from "lighthouse";
import { launch } from "./browsers.mjs";
import { serve } from "./server.mjs";

const CATEGORIES = ["performance", "accessibility", "best-practices"];
const TARGET = 95;
const RUNS = 5;

const server = await serve("dist");
const browser = await launch("chromium");
try {
  const runs = [];
  while (runs.length < RUNS) {
    const page = await browser.newPage();
    const { lhr } = await lighthouse(server.url, { onlyCategories: CATEGORIES, logLevel: "error" }, undefined, page);
    runs.push(lhr);
    await page.close();
  }
  const performance = (lhr) => lhr.categories.performance.score;
  runs.sort((a, b) => performance(a) - performance(b));
  console.log(`performance in ${RUNS} runs: ${runs.map((lhr) => Math.round(performance(lhr) * 100)).join(", ")}`);
  const middle = runs[RUNS >> 1];
  for (const { title, score } of Object.values(middle.categories)) {
    console.log(["figure", `Lighthouse: ${title.toLowerCase()}`, Math.round(score * 100), "of 100", `>= ${TARGET}`].join("\t"));
  }
  for (const audit of Object.values(middle.audits)) {
    if (audit.score !== null && audit.score < 0.9) console.log(`  ${audit.title}: ${audit.displayValue ?? audit.score}`);
  }
} finally {
  await browser.close();
  server.close();
}
