// A static server for the built page: serves dist/ under /play/, a folder and not the root, so that
// every path in the page must be relative. Test pages of one's own are added with `page`.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { gzipSync } from "node:zlib";

const MIME = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain",
  ".wasm": "application/wasm",
};

const HEAD = `<!DOCTYPE html><html lang="en"><head><title>Host</title><link rel="icon" href="data:,"></head>`;

/**
 * Serves `folder` at a free port of this machine alone.
 * Answers `{ url, page, refuse, close }`: `url` is the folder's, `page(body)` adds a page and answers its address,
 * `refuse(pattern)` makes the files that match unreachable from now on.
 */
export async function serve(folder) {
  const pages = new Map();
  let refused = /$^/;
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const body = pages.get(pathname) ?? (await read(folder, pathname));
    if (body === undefined || refused.test(pathname)) {
      response.writeHead(404).end();
      return;
    }
    const type = MIME[extname(pathname)] ?? MIME[".html"];
    const headers = { "content-type": type, "cache-control": "no-cache" };
    // Public hosts compress; the measures of loading must see the same.
    if (/\bgzip\b/.test(request.headers["accept-encoding"] ?? "")) {
      response.writeHead(200, { ...headers, "content-encoding": "gzip" }).end(gzipSync(body));
    } else {
      response.writeHead(200, headers).end(body);
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    url: `${origin}/play/`,
    page(body) {
      const path = `/page-${pages.size}.html`;
      pages.set(path, `${HEAD}<body>${body}</body></html>`);
      return origin + path;
    },
    refuse(pattern) {
      refused = pattern;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The file that path names, or undefined. */
async function read(folder, pathname) {
  if (!pathname.startsWith("/play/")) return undefined;
  const name = normalize(pathname.slice("/play/".length) || "index.html");
  if (name.startsWith("..")) return undefined;
  return readFile(join(folder, name)).catch(() => undefined);
}
