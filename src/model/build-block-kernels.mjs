/**
 * Compiles block-kernels/*.ts (AssemblyScript) to block-kernels.wasm.ts: the module's bytes as base64, committed, so that
 * nothing is built or fetched before they run. A test compares the hash of the sources.
 *
 *     npm run build:cpu
 */
import { pathToFileURL } from "node:url";
import { assemble, hashOfFolder } from "../tooling/assemblyscript.mjs";

const folder = new URL("block-kernels/", import.meta.url);
const maker = "src/model/build-block-kernels.mjs from src/model/block-kernels";

/** What the committed bytes were made from. */
export const sourceHash = () => hashOfFolder(folder);

async function build() {
  const out = new URL("block-kernels.wasm.ts", import.meta.url);
  console.log(`block kernels: ${await assemble({ folder, out, maker, options: [] })} bytes`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await build();
