/** The line for a shell, read by a real shell; names that try to be more than words. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { parseRecipe } from "@/train/recipe";
import { commandLine, type JobAsk, newKey, quoted, requireWhole } from "./submission";

const HOSTILE = ["a b", "it's", "$(touch here)", "`id`", "a;b", "a\nb", "--flag", "*", "é", '"', "\\", ""];
const ASK: JobAsk = {
  ...{ name: "n", recipe: parseRecipe({}), flavor: "l4x1", timeoutSeconds: 5400 },
  files: ["train.py", "train.jsonl", "held-out.jsonl"].map((name) => ({ name, blob: new Blob() })),
  ...{ model: { name: "meta/llama", revision: null }, data: { name: "d", trainRows: 1, evalRows: 1 } },
};

/** The words of every `hf` that the shell ran. */
function inShell(line: string): string[][] {
  const folder = mkdtempSync(join(tmpdir(), "burnish-shell-"));
  try {
    const program = "#!/bin/sh\nprintf 'hf\\0' && printf '%s\\0' \"$@\" && printf '\\n\\0'\n";
    writeFileSync(join(folder, "hf"), program);
    chmodSync(join(folder, "hf"), 0o755);
    const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
    const { stdout, stderr } = spawnSync("sh", ["-c", line], { cwd: folder, env, encoding: "utf8" });
    expect(stderr).toBe("");
    return stdout.split("\0\n\0").flatMap((call) => (call === "" ? [] : [call.split("\0").slice(1)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a real shell reads the words that were meant", () => {
  expect(inShell(`hf ${HOSTILE.map(quoted).join(" ")}`)).toEqual([HOSTILE]);
  const key = newKey("Llama 3.1 – SFT!", Date.UTC(2026, 10, 21, 10, 45, 12), 0x3f9a);
  expect(key).toBe("llama-3-1-sft-20261121-104512-3f9a");
  const [make, run] = inShell(commandLine(ASK, { namespace: "me", key, mountModel: true }));
  expect(make).toEqual(["buckets", "create", "me/burnish-jobs", "--private", "--exist-ok"]);
  expect(run?.slice(0, 9)).toEqual([
    "jobs",
    "uv",
    "run",
    "--flavor",
    "l4x1",
    "--timeout",
    "5400s",
    "--namespace",
    "me",
  ]);
  expect(run).toContain(`hf://buckets/me/burnish-jobs/${key}:/burnish:rw`);
  expect(run).toContain("hf://models/meta/llama:/model:ro");
  const own = ["--data", "train.jsonl", "--eval", "held-out.jsonl", "--model", "/model", "--out", "/burnish/out"];
  expect(run?.slice(run.indexOf("train.py"))).toEqual(["train.py", ...own]);
});

test("a recipe that goes on from an adapter needs one beside the script", () => {
  const again = { ...ASK, recipe: parseRecipe({ start: "adapter" }) };
  expect(() => requireWhole(again)).toThrow(/goes on from an adapter/);
  const start = ["adapter_config.json", "adapter_model.safetensors"].map((name) => ({ name, blob: new Blob() }));
  const whole = { ...again, files: [...ASK.files, ...start] };
  expect(() => requireWhole(whole)).not.toThrow();
  const [, run] = inShell(commandLine(whole, { namespace: "me", key: "k", mountModel: false }));
  expect(run?.join(" ")).toContain("--start adapter_config.json adapter_model.safetensors");
});
