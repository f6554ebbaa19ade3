// How fast a large sweep is measured in Chromium, and whether the page stays responsive meanwhile: more
// than a thousand points of 64-page ranges. The argument is the folder of the built page, dist/ if none
// is named.

import { launch } from "./browsers.mjs";
import { fragment, write } from "./page.mjs";
import { serve } from "./server.mjs";

const TEXT = `title A thousand points
file data shmem 64
proc P
map A P data 0+64 @7f1000000000 rw
store A
compare data 0+64 wp mkclean zap
store A some 8
sweep mappings 1..64 present 1..100
`;

const server = await serve(process.argv[2] ?? "dist");
const browser = await launch("chromium", "light", "no-preference");
const page = await browser.newPage();
page.on("pageerror", (error) => console.log("error:", error.message));
await page.setViewport({ width: 1440, height: 900 });
await page.goto(new URL("index.html?compare", server.url).href);
await page.waitForSelector("main");
await page.goto(new URL("index.html", server.url).href);
await page.waitForSelector("main");
await write(page, TEXT);
const link = await fragment(page);
await page.evaluate((link) => history.replaceState(null, "", `?compare${link}`), link);
await page.reload();
await page.waitForSelector(".cmp-lane");
await new Promise((later) => setTimeout(later, 1500));
// Time of the main thread alone: machines are busy.
const session = await page.createCDPSession();
await session.send("Performance.enable", { timeDomain: "threadTicks" });
const spent = async () => {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find((it) => it.name === "TaskDuration").value * 1000;
};
const before = await spent();
// From the click on Sweep until all points are there, then until all charts are drawn.
const [points, measured, drawn, tasks] = await page.evaluate(async () => {
  const tasks = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map((it) => it.duration))).observe({ type: "longtask" });
  const frame = () => new Promise((next) => requestAnimationFrame(next));
  const start = performance.now();
  [...document.querySelectorAll(".cmp-head .btn")].find((it) => it.textContent === "Sweep").click();
  while (!document.querySelector(".sweep-chart")) await frame();
  const measured = performance.now() - start;
  while (document.querySelector(".sweep-progress")) await frame();
  const drawn = performance.now() - start;
  await new Promise((later) => setTimeout(later, 300));
  const [points] = document.querySelector(".sweep > .quiet").textContent.match(/\d+/);
  return [Number(points), measured, drawn, tasks];
});
const figure = (name, value, unit, target) => console.log(["figure", name, value.toFixed(1), unit, target].join("\t"));
console.log(`${points} points are measured in ${measured.toFixed(0)} ms, drawn after ${drawn.toFixed(0)} ms`);
console.log(`main thread: ${((await spent()) - before).toFixed(0)} ms in all`);
console.log(`tasks over 50 ms: ${tasks.length}, longest ${Math.max(0, ...tasks).toFixed(0)} ms`);
figure(`a sweep of ${points} points over 64 pages`, measured, "ms", "<= 2000");
figure("longest task while it is swept", Math.max(0, ...tasks), "ms", "<= 50");
await browser.close();
server.close();
process.exit(0);
