/** The sandbox in Chromium, in a build of its own with the page's policy and headers: honest programs and every attack. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "playwright/test";
import { build } from "vite";
import { attacks, HONEST } from "../src/eval/sandbox/attacks";
import { javascriptAssertion, type Program, pythonAssertion } from "../src/eval/sandbox/program";
import type { Sandbox, Verdict } from "../src/eval/sandbox/sandbox";
import { serve } from "../src/tooling/server.mjs";

declare global {
  interface Window {
    openSandbox(programMs: number): Sandbox;
    sandbox: Sandbox;
  }
}

const root = fileURLToPath(new URL("..", import.meta.url));
// Each costs a new interpreter or, for JavaScript's memory, the tab; the judges try them in Node.
const LATER =
  /^(system exit|exit in|os\._exit unp|patched (exec|module)|subprocess|loop in|javascript: (memory|process))/;

test("programs are judged, attacks are not called right, nothing leaves the frame", async ({ page }) => {
  test.setTimeout(240_000);
  const folder = mkdtempSync(join(tmpdir(), "burnish-sandbox-"));
  let asked = 0;
  const outside = createServer((_, response) => {
    asked++;
    response
      .writeHead(200, { "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin" })
      .end();
  });
  await new Promise<void>((done) => outside.listen(0, "127.0.0.1", done));
  const bound = outside.address();
  const address = `http://127.0.0.1:${typeof bound === "object" && bound ? bound.port : 0}/`;
  await build({
    configFile: false,
    root: join(root, "e2e", "sandbox"),
    publicDir: join(root, "public"),
    base: "./",
    logLevel: "error",
    resolve: { alias: { "@": join(root, "src") } },
    build: { outDir: folder, emptyOutDir: true, target: "es2022" },
  });
  const server = await serve(folder);
  const run = (program: Program): Promise<Verdict> => page.evaluate((given) => window.sandbox.run(given), program);
  try {
    await page.goto(server.url);
    await page.evaluate(() => {
      window.sandbox = window.openSandbox(4_000);
    });
    expect(await run(HONEST)).toMatchObject({ kind: "pass" });
    const half = await run(pythonAssertion("len(output) == 3 and 0.5", "abc", {}));
    expect(half, half.reason).toMatchObject({
      kind: "pass",
      score: 0.5,
    });
    expect(await run(javascriptAssertion("output === context.a", "x", { a: "x" }))).toMatchObject({ kind: "pass" });
    for (const { name, program, kind } of attacks(address).filter((attack) => !LATER.test(attack.name))) {
      const verdict = await run(program);
      expect({ name, kind: verdict.kind, reason: verdict.reason }).toMatchObject({ name, kind });
    }
    expect(await run(HONEST)).toMatchObject({ kind: "pass" });
    expect(await page.locator("iframe").count()).toBeLessThanOrEqual(3);
    expect(asked).toBe(0);
  } finally {
    await page.evaluate(() => window.sandbox?.close());
    await server.close();
    outside.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
