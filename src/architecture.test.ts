/**
 * The rules of the house, checked on the text of the files: who may import whom, no cycles, every op with its shader
 * and test, every shader entry point used, short files, and a README whose tree is true.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { cyclesIn } from "@/tooling/cycles";
import { treeOf } from "@/tooling/markdown-tree";
import { parseRecipe } from "@/train/recipe";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * Folder or file below src/ → what its files may import besides themselves and EVERYONE. An entry is a folder, a file,
 * or "*" for anything. The longest matching key decides.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  util: [],
  graph: [],
  // Both targets fill the same interface and pool their slots alike; no learning words inside, neither knows the other.
  gpu: ["graph/target", "graph/slots", "graph/graph"],
  cpu: ["graph/target", "graph/slots", "graph/graph"],
  // Run by hand, to make the committed WebAssembly.
  "cpu/build": ["tooling"],
  "model/build-block-kernels": ["tooling"],
  ops: ["graph"],
  // The harness of op tests opens the targets.
  "ops/check": ["graph", "gpu", "cpu"],
  "ops/check-device": ["graph", "gpu"],
  files: [],
  storage: [],
  tokenizer: [],
  model: ["ops", "graph", "files"],
  data: ["tokenizer", "files"],
  eval: [],
  explain: [],
  train: ["model", "ops", "graph", "data", "files", "eval/graders", "eval/rewards"],
  // The harness of parity tests reads the goldens' files.
  "train/goldens": ["model", "ops", "graph", "data", "files"],
  bench: ["model", "ops", "graph", "train", "data"],
  // Types and pure functions of a report, which screens draw.
  "bench/report": [],
  "bench/growth-svg": [],
  // GGUF carries the tokenizer in its metadata.
  export: ["model", "files", "tokenizer"],
  hub: ["storage", "files"],
  runs: ["storage", "files"],
  // A job comes home as a kept run.
  offload: ["hub", "runs", "files", "storage", "export/license"],
  // Pure: what a skill is, what it weighs, what of it is asked; who answers is handed in.
  skill: ["eval", "files"],
  session: [
    ...["gpu", "cpu", "graph", "ops", "files", "storage", "tokenizer", "model", "data", "eval", "explain"],
    ...["train", "export", "hub", "offload", "skill", "bench", "runs"],
  ],
  "worker/api": [],
  // The page's frames for code from elsewhere are opened beside the worker.
  worker: ["session", "storage", "hub", "eval/sandbox"],
  cli: [
    "session",
    "runs",
    "tooling",
    "export",
    "storage",
    "hub",
    "offload",
    "explain",
    "eval",
    "skill",
    "bench/report",
    "bench/growth-svg",
    "bench/claims",
  ],
  ui: [
    "worker/api",
    "worker/client",
    "runs",
    "eval/suite",
    "eval/report",
    "skill",
    // Pure: a report read, written and drawn; what arms are called.
    ...["eval/report-view", "eval/saved-report", "eval/suite-report", "eval/arms", "eval/statistics", "eval/run-arms"],
    "data/formats",
    "explain",
    "hub",
    "offload",
    "bench/report",
    "bench/growth-svg",
    "bench/claims",
  ],
  tooling: [],
};

/** Anyone may import these: no folder owns them. A schedule and the names of modules are pure functions of the recipe. */
const EVERYONE = ["errors", "util", "train/recipe", "train/schedule", "train/recipe-paths", "train/module-path"];
/** Contracts whose types anyone may import, with `import type`. */
const TYPES_FOR_EVERYONE = ["worker/api", "graph/target", "runs", "explain", "bench/report", "offload"];

/** Files of src/ops/ that are no op, and why: they need no shader and no test of their own. */
const NO_OPS: Readonly<Record<string, string>> = {
  check: "the harness of op tests",
  "check-device": "the GPU of op tests, in whatever form",
  "attention-reference": "attention in float64, which two tests share",
  reference: "float64 references that op tests share",
};

interface Import {
  /** "gpu/device" */
  readonly from: string;
  readonly to: string;
  readonly typesOnly: boolean;
}

function walk(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? walk(path, pattern) : pattern.test(entry.name) ? [path] : [];
    })
    .sort();
}

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
// AssemblyScript, compiled to WASM by itself: another language with its own imports.
const sources = walk("src", /\.(ts|tsx|mts|mjs)$/).filter((path) => !/^src\/(cpu\/|model\/block-)kernels\//.test(path));
const isTest = (path: string) => /\.(test|bench)\.tsx?$/.test(path);
const stem = (path: string) => path.replace(/^src\//, "").replace(/\.d\.mts$|\.(ts|tsx|mjs)$/, "");
const within = (path: string, places: readonly string[]) =>
  places.some((place) => path === place || path.startsWith(`${place}/`));

const STATEMENT = /^(?:import|export)\s+(type\b)?(?:[^;"'`]*?\bfrom\s*)?["']([^"']+)["']/gm;
const DYNAMIC = /\bimport\(\s*["']([^"']+)["']\s*\)/g;

function importsOf(path: string): Import[] {
  const text = read(path);
  const found = [
    ...[...text.matchAll(STATEMENT)].map(([, types, name = ""]) => ({ name, typesOnly: types !== undefined })),
    ...[...text.matchAll(DYNAMIC)].map(([, name = ""]) => ({ name, typesOnly: false })),
  ];
  return found.flatMap(({ name, typesOnly }) => {
    const file = name.split("?")[0] ?? "";
    if (/\.(css|wgsl|wasm|json|py)$/.test(file)) return [];
    const to = file.startsWith("@/") ? file.slice(2) : posix.join(dirname(stem(path)), file);
    return file.startsWith("@/") || file.startsWith(".") ? [{ from: stem(path), to: stem(to), typesOnly }] : [];
  });
}

const imports = sources.filter((path) => !path.endsWith(".d.mts")).map((path) => ({ path, imports: importsOf(path) }));

function ruleOf(file: string): readonly string[] | undefined {
  const keys = Object.keys(MAY_IMPORT).filter((key) => within(file, [key]));
  return MAY_IMPORT[keys.sort((a, b) => b.length - a.length)[0] ?? ""];
}

function isAllowed({ from, to, typesOnly }: Import): boolean {
  const folder = from.split("/")[0] ?? "";
  if (within(to, [folder, ...EVERYONE]) || (typesOnly && within(to, TYPES_FOR_EVERYONE))) return true;
  return within(to, ruleOf(from) ?? []);
}

describe("imports", () => {
  test("the rules know every folder", () => {
    const folders = readdirSync(join(ROOT, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).filter((name) => !(name in MAY_IMPORT))).toEqual([]);
  });

  test("each file imports only what its folder may", () => {
    const offending = imports
      .filter(({ path }) => !isTest(path))
      .flatMap((file) => file.imports.filter((item) => !isAllowed(item)))
      .map(({ from, to, typesOnly }) => `${from} → ${to}${typesOnly ? " (types)" : ""}`);
    expect(offending).toEqual([]);
  });

  test("the rules bite", () => {
    const pair = (from: string, to: string, typesOnly = false) => isAllowed({ from, to, typesOnly });
    expect(pair("ui/app", "gpu/device")).toBe(false);
    expect(pair("gpu/device", "cpu/pool")).toBe(false);
    expect(pair("model/llama", "worker/api", true)).toBe(true);
    expect(pair("model/llama", "worker/api")).toBe(false);
    expect(pair("train/trainer", "eval/report")).toBe(false);
    expect(pair("worker/api", "session/session", true)).toBe(false);
    expect(imports.flatMap((file) => file.imports).length).toBeGreaterThan(100);
  });

  test("there is no cycle", () => {
    const graph = new Map(imports.map(({ path, imports: items }) => [stem(path), items.map(({ to }) => to)]));
    expect(cyclesIn(graph)).toEqual([]);
  });
});

describe("ops and shaders", () => {
  const ops = sources
    .filter((path) => /^src\/ops\/[\w-]+\.ts$/.test(path) && !isTest(path))
    .map((path) => path.slice(8, -3));
  const shaders = walk("shaders", /\.wgsl$/).filter((path) => !path.startsWith("shaders/lib/"));
  const callers = sources
    .filter((path) => /^src\/(ops|graph)\//.test(path) && !isTest(path))
    .map(read)
    .join("\n");

  test("each op has a shader of its name", () => {
    expect(ops.filter((name) => !(name in NO_OPS) && !existsSync(join(ROOT, `shaders/${name}.wgsl`)))).toEqual([]);
  });

  test("each op has a test of its name", () => {
    expect(ops.filter((name) => !(name in NO_OPS) && !existsSync(join(ROOT, `src/ops/${name}.test.ts`)))).toEqual([]);
  });

  test("the exceptions are there, and call no kernel", () => {
    const calling = Object.keys(NO_OPS).filter((name) => /\bcall\(/.test(read(`src/ops/${name}.ts`)));
    expect(calling).toEqual([]);
  });

  test("each shader entry point is called", () => {
    const entries = shaders.flatMap((path) =>
      [...read(path).matchAll(/@compute\b[^{;]*?\bfn\s+(\w+)/g)].map(([, name]) => `${path.slice(8, -5)}.${name}`),
    );
    expect(entries.length).toBeGreaterThan(10);
    // gpu/products.ts and attention-form.ts put a sibling in the place of what ops name.
    const named = (entry: string) => entry.replace(/^(\w+)-(shared|split)\./, "$1.").replace(/_cached$/, "");
    const called = (entry: string) => callers.includes(`"${named(entry)}"`);
    expect(entries.filter((entry) => !called(entry))).toEqual([]);
  });
});

describe("ways of writing", () => {
  const code = sources.filter((path) => !path.startsWith("src/architecture.test"));

  test("no file is longer than 400 lines", () => {
    const all = [...walk("src", /\.(ts|tsx|mjs)$/), ...walk("shaders", /\.wgsl$/)];
    const long = all.map((path) => ({ path, lines: read(path).split("\n").length })).filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });

  test("nothing is `any`, no check is silenced", () => {
    const pattern = /(?::\s*any\b|\bas any\b|<any>|@ts-ignore|@ts-nocheck|biome-ignore(?! [\w/]+: .{12,}))/;
    const found = code.flatMap((path) =>
      read(path)
        .split("\n")
        .flatMap((line, i) => (pattern.test(line.replace(/^\s*(\*|\/\/).*/, "")) ? [`${path}:${i + 1}`] : [])),
    );
    expect(found).toEqual([]);
  });

  test("names of files are in kebab-case", () => {
    expect(code.filter((path) => /[A-Z_ ]/.test(path))).toEqual([]);
  });
});

test("docs/recipe.md lists every field of the recipe with its default", () => {
  const rows = read("docs/recipe.md").match(/^\| `.*$/gm) ?? [];
  const listed = rows.map((row) =>
    row
      .split("|")
      .slice(1, 3)
      .map((cell) => cell.trim().replaceAll("`", ""))
      .join(" = "),
  );
  const sections = ["data", "sft", "dpo", "grpo", "lora", "full", "optimizer", "schedule", "batch", "evaluate", "keep"];
  const fields = Object.entries(parseRecipe({})).flatMap(([key, value]) =>
    sections.includes(key) ? Object.entries(value).map(([name, inner]) => [`${key}.${name}`, inner]) : [[key, value]],
  );
  expect(listed).toEqual(fields.map(([name, value]) => `${name} = ${JSON.stringify(value)}`));
});

describe("README", () => {
  const exists = existsSync(join(ROOT, "README.md"));

  test.skipIf(!exists)("its tree names what is on the disk, two levels deep", () => {
    const listed = treeOf(read("README.md"));
    expect(listed.length, "README.md has a tree: a code block with a line `src/`").toBeGreaterThan(0);
    expect(listed.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const tops = ["src", "shaders", "public", "e2e", "docs"].filter((top) => existsSync(join(ROOT, top)));
    const folders = tops.flatMap((top) => [
      top,
      ...readdirSync(join(ROOT, top), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => `${top}/${entry.name}`),
    ]);
    expect(folders.filter((folder) => !listed.includes(folder))).toEqual([]);
  });
});
