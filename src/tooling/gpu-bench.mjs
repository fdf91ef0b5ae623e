/**
 * Runs ops/linear.bench.ts, or with --attention ops/attention.bench.ts, on the GPU at hand (a software one where there is
 * none), in Node on Dawn or, with --browser, in Chromium:
 * node src/tooling/gpu-bench.mjs [--attention] [--browser] [--seconds 20] [filter]. Entries take turns. On Linux the processors'
 * time of the device's threads is printed too: on a software adapter other work hardly moves it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createServer } from "vite";
import { softwareVulkan } from "./software-vulkan.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { attention: { type: "boolean" }, browser: { type: "boolean" }, seconds: { type: "string", default: "20" } },
});
const filter = positionals[0] ?? ".";
const bench = `/src/ops/${values.attention ? "attention" : "linear"}.bench.ts`;
const root = fileURLToPath(new URL("../..", import.meta.url));

const vulkan = softwareVulkan();
if (!values.browser && vulkan && !process.env.VK_DRIVER_FILES && !process.env.BURNISH_HARDWARE_GPU) {
  // The loader reads these once, at the start of a process.
  const { spawnSync } = await import("node:child_process");
  const { status } = spawnSync(process.execPath, process.argv.slice(1), {
    env: { ...process.env, ...vulkan },
    stdio: "inherit",
  });
  process.exit(status ?? 1);
}
const server = await createServer({
  root,
  configFile: false,
  appType: "custom",
  server: values.browser ? { host: "127.0.0.1", port: 0 } : { middlewareMode: true, ws: false, watch: null },
  resolve: { alias: { "@": `${root}src` } },
  logLevel: "error",
  optimizeDeps: { noDiscovery: true },
});

/** Milliseconds of processor time that the threads of a process have used, without its first, which may only wait. */
function threadTime(pid) {
  let sum = 0;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      if (thread === `${pid}`) continue;
      sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1e6;
    }
  } catch {
    return Number.NaN;
  }
  return sum;
}

async function inNode() {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const gpu = create([]);
  Object.assign(globalThis, { burnishGpu: gpu });
  const { entries } = await server.ssrLoadModule(bench);
  const list = await entries(gpu, new RegExp(filter));
  return { list, run: (i) => list[i].run(), time: () => threadTime(process.pid) };
}

async function inBrowser() {
  const { chromium } = await import("playwright");
  const { findBrowser } = await import("./browser.mjs");
  server.middlewares.use((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html>");
  });
  await server.listen();
  const browser = await chromium.launch({
    executablePath: findBrowser(),
    args: ["--no-sandbox", "--enable-unsafe-webgpu"],
  });
  const page = await browser.newPage();
  page.on("console", (message) => console.log(message.text()));
  await page.goto(server.resolvedUrls.local[0]);
  const list = await page.evaluate(
    async ([file, pattern]) => {
      const { entries } = await import(file);
      window.list = await entries(navigator.gpu, new RegExp(pattern));
      return window.list.map(({ name, group, flops }) => ({ name, group, flops }));
    },
    [bench, filter],
  );
  const gpuProcess = readdirSync("/proc").find((pid) => isGpuProcess(pid));
  return {
    list,
    run: (i) => page.evaluate((index) => window.list[index].run(), i),
    time: () => threadTime(gpuProcess),
    close: () => browser.close(),
  };
}

/** A GPU process below this one. */
function isGpuProcess(pid) {
  try {
    if (!/^\d+$/.test(pid) || !readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=gpu-process"))
      return false;
    for (let at = pid; Number(at) > 1; ) {
      if (Number(at) === process.pid) return true;
      at = /\) \S (\d+)/.exec(readFileSync(`/proc/${at}/stat`, "utf8"))?.[1] ?? "0";
    }
  } catch {}
  return false;
}

const { list, run, time, close } = await (values.browser ? inBrowser() : inNode());
const seen = list.map(() => ({ wall: Number.POSITIVE_INFINITY, cpu: Number.POSITIVE_INFINITY, count: 0 }));
const end = performance.now() + 1000 * Number(values.seconds);
while (performance.now() < end) {
  for (const [i, best] of seen.entries()) {
    const repeats = Math.min(50, Math.ceil(30 / Math.min(30, best.wall)));
    const [start, before] = [performance.now(), time()];
    for (let n = 0; n < repeats; n++) await run(i);
    best.wall = Math.min(best.wall, (performance.now() - start) / repeats);
    best.cpu = Math.min(best.cpu, (time() - before) / repeats);
    best.count++;
  }
}
let group = "";
let first = seen[0];
for (const [i, entry] of list.entries()) {
  const { wall, cpu, count } = seen[i];
  if (entry.group !== group) {
    group = entry.group;
    first = seen[i];
    console.log(`\n${group}`);
  }
  const rate = (entry.flops / wall / 1e6).toFixed(2).padStart(8);
  const ratio = (first.cpu / cpu).toFixed(2).padStart(5);
  console.log(
    `  ${entry.name.padEnd(12)} ${wall.toFixed(2).padStart(8)} ms ${rate} GFLOP/s · threads ${cpu.toFixed(2).padStart(8)} ms, ${ratio}× the first · best of ${count}`,
  );
}
await close?.();
process.exit(0);
