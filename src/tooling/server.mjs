/**
 * A small static server for the built page, on this machine only. Its headers isolate the page from others, which gives
 * it shared memory; everything it sends may be asked for in ranges, so that large model files can be read in parts.
 *
 *   node src/tooling/server.mjs FOLDER PORT
 */
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".jsonl": "application/x-ndjson; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".wasm": "application/wasm",
  ".wgsl": "text/wgsl; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};

export const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** The file that a request names, or undefined: outside the folder, hidden, or not there. */
async function locate(root, url) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return undefined;
  }
  if (path.includes("\0") || path.split(/[/\\]/).some((part) => part.startsWith("."))) return undefined;
  const wanted = join(root, path.endsWith("/") ? `${path}index.html` : path);
  try {
    // Links are followed first, so that none leads out of the folder.
    const file = await realpath(wanted);
    if (!file.startsWith(root + sep)) return undefined;
    const info = await stat(file);
    return info.isFile() ? { file, info } : undefined;
  } catch {
    return undefined;
  }
}

/** First and last byte that a Range header asks for; undefined: send all; null: cannot be satisfied. */
export function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (!match[1] && !match[2])) return undefined;
  const suffix = match[1] === "";
  const first = suffix ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = suffix || match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  return first > last || first >= size ? null : { first, last };
}

async function respond(root, isolation, request, response) {
  const plain = (status, text, headers = {}) => {
    response.writeHead(status, { ...isolation, "Content-Type": "text/plain; charset=utf-8", ...headers });
    response.end(request.method === "HEAD" ? undefined : `${text}\n`);
  };
  if (request.method !== "GET" && request.method !== "HEAD")
    return plain(405, "Only GET and HEAD.", { Allow: "GET, HEAD" });
  const found = await locate(root, request.url ?? "/");
  if (!found) return plain(404, "Not found.");
  const { file, info } = found;
  const etag = `"${info.size.toString(36)}-${Math.floor(info.mtimeMs).toString(36)}"`;
  // Vite puts a hash of the content into the names under assets/; everything else is asked for again each time.
  const hashed = file.startsWith(join(root, "assets") + sep);
  const headers = {
    ...isolation,
    "Content-Type": TYPES[extname(file).toLowerCase()] ?? "application/octet-stream",
    "Cache-Control": hashed ? "public, max-age=31536000, immutable" : "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Accept-Ranges": "bytes",
    ETag: etag,
  };
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, headers);
    return response.end();
  }
  const conditional = request.headers["if-range"];
  const wanted = conditional && conditional !== etag ? undefined : request.headers.range;
  const range = parseRange(wanted, info.size);
  if (range === null)
    return plain(416, "No such range.", { "Content-Range": `bytes */${info.size}`, "Accept-Ranges": "bytes" });
  const { first, last } = range ?? { first: 0, last: info.size - 1 };
  const part = range ? { "Content-Range": `bytes ${first}-${last}/${info.size}` } : {};
  response.writeHead(range ? 206 : 200, { ...headers, ...part, "Content-Length": last - first + 1 });
  if (request.method === "HEAD" || info.size === 0) return response.end();
  const stream = createReadStream(file, { start: first, end: last });
  stream.on("error", () => response.destroy());
  response.on("close", () => stream.destroy());
  stream.pipe(response);
}

/**
 * Serves `folder` on 127.0.0.1, at `port` or the next free one after it (0: any); `isolated: false` as plain hosts do.
 * @returns {Promise<{ url: string, port: number, close: () => Promise<void> }>}
 */
export async function serve(folder, port = 0, { tries = 50, isolated = true } = {}) {
  const root = await realpath(resolve(folder));
  const server = createServer((request, response) => {
    respond(root, isolated ? ISOLATION : {}, request, response).catch(() => response.destroy());
  });
  for (let candidate = port; ; candidate++) {
    try {
      await listen(server, candidate);
      break;
    } catch (error) {
      const taken = error.code === "EADDRINUSE" || error.code === "EACCES";
      if (!taken || candidate + 1 >= port + tries || candidate >= 65535) throw error;
    }
  }
  const actual = server.address().port;
  const close = () =>
    new Promise((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${actual}/`, port: actual, close };
}

function listen(server, port) {
  return new Promise((done, fail) => {
    server.once("error", fail);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", fail);
      done();
    });
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder = "dist/web", port = "0"] = process.argv.slice(2);
  // A given port is exact here: whoever starts this waits at that address.
  const { url } = await serve(folder, Number(port), { tries: 1 });
  console.log(url);
}
