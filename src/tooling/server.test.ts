import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseRange, serve } from "./server.mjs";

let folder: string;
let site: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "burnish-site-"));
  const web = join(folder, "web");
  await mkdir(join(web, "assets"), { recursive: true });
  await writeFile(join(folder, "secret.txt"), "secret");
  await writeFile(join(web, "index.html"), "<title>page</title>");
  await writeFile(join(web, ".hidden"), "hidden");
  await writeFile(join(web, "assets", "a-1234.js"), "0123456789");
  await writeFile(join(web, "engine.wasm"), "");
  await writeFile(join(web, "add.wgsl"), "fn add() {}");
  await symlink(join(folder, "secret.txt"), join(web, "link.txt"));
  site = await serve(web);
});

afterAll(async () => {
  await site.close();
  await rm(folder, { recursive: true });
});

/** `fetch` would tidy up the path before it is sent. */
function raw(path: string): Promise<number | undefined> {
  return new Promise((done, fail) => {
    const sent = request({ port: site.port, host: "127.0.0.1", path }, (response) => {
      response.resume();
      done(response.statusCode);
    });
    sent.on("error", fail).end();
  });
}

test("sends the page with headers that isolate it", async () => {
  const response = await fetch(site.url);
  expect(await response.text()).toBe("<title>page</title>");
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(response.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(response.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
  expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
  expect(response.headers.get("cache-control")).toBe("no-cache");
});

test.each([
  ["engine.wasm", "application/wasm"],
  ["add.wgsl", "text/wgsl; charset=utf-8"],
  ["assets/a-1234.js?v=1", "text/javascript; charset=utf-8"],
])("%s is %s", async (path, type) => {
  const response = await fetch(site.url + path);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, type]);
});

test.each([
  "/../secret.txt",
  "/%2e%2e/secret.txt",
  "/..%2fsecret.txt",
  "/assets/../../secret.txt",
  "/..%5csecret.txt",
  "/link.txt",
  "/.hidden",
  "/assets",
  "/%00",
  "/%ff",
  "/nothing.js",
])("%s is not found", async (path) => {
  expect(await raw(path)).toBe(404);
});

test("answers ranges", async () => {
  const ask = async (range: string) => {
    const response = await fetch(`${site.url}assets/a-1234.js`, { headers: { range } });
    return [response.status, response.headers.get("content-range"), response.status === 206 && (await response.text())];
  };
  expect(await ask("bytes=2-4")).toEqual([206, "bytes 2-4/10", "234"]);
  expect(await ask("bytes=7-")).toEqual([206, "bytes 7-9/10", "789"]);
  expect(await ask("bytes=-3")).toEqual([206, "bytes 7-9/10", "789"]);
  expect(await ask("bytes=10-")).toEqual([416, "bytes */10", false]);
});

test.each([
  [undefined, undefined],
  ["bytes=0-0", { first: 0, last: 0 }],
  ["bytes=5-99", { first: 5, last: 9 }],
  ["bytes=-99", { first: 0, last: 9 }],
  ["bytes=-0", null],
  ["bytes=4-2", null],
  ["bytes=-", undefined],
  ["bytes=0-1,3-4", undefined],
  ["lines=0-1", undefined],
])("parseRange(%s)", (header, expected) => {
  expect(parseRange(header, 10)).toEqual(expected);
});

test("a known file is not sent again, HEAD sends no body, other methods are refused", async () => {
  const etag = (await fetch(site.url)).headers.get("etag") ?? "";
  expect((await fetch(site.url, { headers: { "if-none-match": etag } })).status).toBe(304);
  const head = await fetch(`${site.url}assets/a-1234.js`, { method: "HEAD" });
  expect([head.headers.get("content-length"), await head.text()]).toEqual(["10", ""]);
  expect(head.headers.get("cache-control")).toContain("immutable");
  expect((await fetch(site.url, { method: "POST" })).status).toBe(405);
});

test("takes the next port when the wished one is taken", async () => {
  const second = await serve(join(folder, "web"), site.port);
  expect(second.port).toBeGreaterThan(site.port);
  await second.close();
  await expect(serve(join(folder, "web"), site.port, { tries: 1 })).rejects.toThrow("EADDRINUSE");
});
