// The two browsers: where they are, and how they are started so that they work anywhere.

import { accessSync } from "node:fs";
import { delimiter, join } from "node:path";
import puppeteer from "puppeteer-core";

const PROGRAMS = {
  chromium: ["chromium", "chromium-browser", "google-chrome"],
  firefox: ["firefox-esr", "firefox"],
};

/** The names that `launch` knows. */
export const KINDS = Object.keys(PROGRAMS);

/** Starts a browser without a window and without traffic of its own. */
export function launch(kind, scheme = "light", motion = "no-preference") {
  const executablePath = program(kind);
  if (kind === "chromium") {
    const args = [
      "--no-sandbox", // Chromium's sandbox does not start for root
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ];
    return puppeteer.launch({ browser: "chrome", executablePath, args });
  }
  return puppeteer.launch({
    browser: "firefox",
    executablePath,
    extraPrefsFirefox: {
      "layout.css.prefers-color-scheme.content-override": scheme === "dark" ? 0 : 1,
      "ui.prefersReducedMotion": motion === "reduce" ? 1 : 0,
    },
  });
}

/** The browser's program on PATH. */
function program(kind) {
  for (const name of PROGRAMS[kind]) {
    for (const folder of process.env.PATH.split(delimiter)) {
      try {
        accessSync(join(folder, name));
        return join(folder, name);
      } catch {
        // Not in this folder.
      }
    }
  }
  throw new Error(`none of ${PROGRAMS[kind].join(", ")} is installed`);
}
