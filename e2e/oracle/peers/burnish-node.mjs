/** Our side in Node, no browser: node burnish-node.mjs '{"engine":"webgpu","task":"block","rank":16,"seconds":3}' prints JSON. */
import { openAsBlob } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

const question = JSON.parse(process.argv[2] ?? "{}");
const root = fileURLToPath(new URL("../../..", import.meta.url));
const server = await createServer({
  root,
  configFile: false,
  appType: "custom",
  server: { middlewareMode: true, ws: false, watch: null },
  resolve: { alias: { "@": join(root, "src") } },
  logLevel: "error",
});
const module = (path) => server.ssrLoadModule(path);
const { runTask } = await module("/e2e/oracle/peers/burnish-tasks.mjs");
let target;
if (question.engine === "webgpu") {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  // The object must outlive its devices, and nothing else keeps it.
  globalThis.burnishGpu = create([]);
  const { openDevice } = await module("/src/gpu/device.ts");
  const { createWebGpuTarget } = await module("/src/gpu/webgpu-target.ts");
  target = createWebGpuTarget(await openDevice(globalThis.burnishGpu));
} else {
  target = await (await module("/src/cpu/cpu-target.ts")).createCpuTarget();
}
const result = await runTask(target, question, (path) => openAsBlob(join(root, "public", path)));
console.log(JSON.stringify({ ...result, engine: target.description }));
process.exit(0);
