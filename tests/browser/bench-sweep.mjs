// How fast a large sweep is measured in Chromium, and whether the page stays responsive meanwhile: more
// than a thousand points of 64-page ranges. The argument is the folder of the built page, dist/ if none
// is named.

import { figure, mainThread, pageWith } from "./bench-page.mjs";
import { fragment } from "./page.mjs";

const TEXT = `title A thousand points
file data shmem 64
proc P
map A P data 0+64 @7f1000000000 rw
store A
compare data 0+64 wp mkclean zap
store A some 8
sweep mappings 1..64 present 1..100
`;

const { page, close } = await pageWith(TEXT);
const link = await fragment(page);
await page.evaluate((link) => history.replaceState(null, "", `?compare${link}`), link);
await page.reload();
await page.waitForSelector(".cmp-lane");
await new Promise((later) => setTimeout(later, 1500));
const spent = await mainThread(page);
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
console.log(`${points} points are measured in ${measured.toFixed(0)} ms, drawn after ${drawn.toFixed(0)} ms`);
console.log(`main thread: ${((await spent()) - before).toFixed(0)} ms in all`);
console.log(`tasks over 50 ms: ${tasks.length}, longest ${Math.max(0, ...tasks).toFixed(0)} ms`);
figure(`a sweep of ${points} points over 64 pages`, measured.toFixed(1), "ms", "<= 2000");
figure("longest task while it is swept", Math.max(0, ...tasks).toFixed(1), "ms", "<= 50");
await close();
