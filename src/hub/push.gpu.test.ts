/** The real huggingface_hub client against the loopback Hub; src/tooling/oracle.mjs says where its Python lies. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openAsBlob, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startHub } from "./loopback-hub";
import { push } from "./push";

const { BURNISH_PYTHON } = process.env;
const TOKEN = "hf_mayWrite";
const FILES: Readonly<Record<string, string>> = {
  "README.md": '---\nbase_model: "org/base"\nlibrary_name: gguf\n---\n\n# Tuned\n',
  "model.gguf": "g".repeat(70_000),
  "onnx/model.onnx": "o".repeat(9000),
};

test.skipIf(!BURNISH_PYTHON)("huggingface_hub uploads to it, and downloads what we pushed", async () => {
  const hub = await startHub();
  const folder = mkdtempSync(join(tmpdir(), "burnish-push-"));
  try {
    hub.uploads.accounts.set(TOKEN, { name: "me", role: "write" });
    mkdirSync(join(folder, "onnx"));
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
    const files = Object.keys(FILES).map(async (path) => ({ path, blob: await openAsBlob(join(folder, path)) }));
    const request = {
      repo: "me/ours",
      isPublic: false,
      files: await Promise.all(files),
      title: "Tuned",
      update: false,
    };
    await push({ endpoint: hub.url, token: TOKEN }, request);
    const where = ["--endpoint", hub.url, "--token", TOKEN, "--ours", "me/ours", "--folder", folder];
    const child = spawn(BURNISH_PYTHON ?? "", ["e2e/oracle/check_hub.py", ...where]);
    let out = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (out += text));
    const code = await new Promise((done) => child.on("close", done));
    expect(out).toMatch(/^[4-9]\d* passed, 0 failed$/m);
    expect(code).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
    await hub.close();
  }
});
