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
const { create, globals } = await import("webgpu");
Object.assign(globalThis, globals);
// The object must outlive its devices, and nothing else keeps it.
if (question.engine === "webgpu") globalThis.burnishGpu = create([]);
const { chooseTarget } = await module("/src/session/choose-target.ts");
const { target } = await chooseTarget(question.engine, globalThis.burnishGpu);
const result = await runTask(target, question, (path) => openAsBlob(join(root, "public", path)));
console.log(JSON.stringify({ ...result, engine: target.description }));
process.exit(0);
