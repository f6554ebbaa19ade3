// How fast a large comparison opens and scrubs in Chromium: six lanes over 4,096 pages in 40 mappings.
// The argument is the folder of the built page, dist/ if none is named.

import { figure, mainThread, pageWith } from "./bench-page.mjs";

const lines = ["title Forty mappings of four thousand pages", "faround 2M", "file data shmem 4096"];
lines.push(`proc ${Array.from({ length: 10 }, (_, at) => `P${at}`).join(" ")}`);
for (let at = 0; at < 40; at++) {
  lines.push(`map M${at} P${at % 10} data 0+4096 @7f${String(at).padStart(2, "0")}00000000 rw`);
}
lines.push("fill data 0+4096");
for (let at = 0; at < 40; at++) lines.push(`load M${at} some 64`);
for (let at = 0; at < 40; at += 8) lines.push(`store M${at} some 512`);
lines.push("compare data 0+4096 wp clean-skip mkclean wrprotect zap softclear", "store M0 some 256", "");

const { page, close } = await pageWith(lines.join("\n"));
await page.waitForFunction(() => location.hash.length > 1);
// From the click on the tab to the lanes on the screen.
const opened = await page.evaluate(async () => {
  const tab = [...document.querySelectorAll(".tab")].find((it) => it.textContent === "Compare");
  const start = performance.now();
  tab.click();
  while (!document.querySelector(".cmp-lane")) await new Promise((next) => requestAnimationFrame(next));
  await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
  return performance.now() - start;
});
console.log(`opens in ${opened.toFixed(0)} ms`);

const box = await (await page.$("[role=slider]")).boundingBox();
await page.evaluate(() => {
  window.frames = [];
  window.work = [];
  let last;
  const frame = (now) => {
    if (last !== undefined) window.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  new PerformanceObserver((list) => window.work.push(...list.getEntries().map((it) => it.duration)))
    .observe({ type: "longtask", buffered: true });
});
const y = box.y + box.height / 2;
await page.mouse.move(box.x + 20, y);
await page.mouse.down();
await page.evaluate(() => {
  window.frames.length = 0;
  window.work.length = 0;
});
const spent = await mainThread(page);
const before = await spent();
const end = Date.now() + 6000;
for (let at = 0; Date.now() < end; at++) {
  const share = 0.5 - 0.5 * Math.cos(at / 40);
  await page.mouse.move(box.x + 20 + (box.width - 40) * share, y);
}
await page.mouse.up();
const cpu = (await spent()) - before;
const [frames, work] = await page.evaluate(() => [window.frames, window.work]);
frames.sort((a, b) => a - b);
const at = (share) => frames[Math.floor(share * (frames.length - 1))].toFixed(1);
console.log(`scrubs: ${frames.length} frames, median ${at(0.5)} ms, 95th percentile ${at(0.95)} ms, longest ${at(1)} ms`);
console.log(`main thread: ${(cpu / frames.length).toFixed(1)} ms a frame`);
console.log(`tasks over 50 ms: ${work.length}, longest ${Math.max(0, ...work).toFixed(0)} ms`);
figure("a comparison of 6 lanes opens", opened.toFixed(0), "ms", "<= 1000");
figure("a frame of its scrub, median", at(0.5), "ms", "<= 16.8");
figure("a frame of its scrub, 95th percentile", at(0.95), "ms", "<= 16.8");
figure("main thread in a frame of its scrub", (cpu / frames.length).toFixed(1), "ms", "<= 16");
await close();
