/** The frame's policy names its script by a hash: an edit of one without the other would close the sandbox. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const html = readFileSync("public/sandbox/frame.html", "utf8");

test("the frame's policy allows its own script, and no address but what it makes itself", () => {
  const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? "";
  const hash = createHash("sha256").update(script).digest("base64");
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? "";
  const rules = new Map(policy.split("; ").map((rule) => [rule.split(" ")[0], rule.split(" ").slice(1)]));
  expect(rules.get("default-src")).toEqual(["'none'"]);
  expect(rules.get("connect-src")).toEqual(["'none'"]);
  expect(rules.get("worker-src")).toEqual(["blob:"]);
  expect(rules.get("script-src")).toEqual([`'sha256-${hash}'`, "blob:", "'wasm-unsafe-eval'"]);
});
