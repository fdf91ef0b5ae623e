/**
 * Compiles kernels/*.ts (AssemblyScript) to wasm/simd.ts and wasm/relaxed.ts: the module's bytes as base64.
 *
 *     npm run build:cpu
 *
 * The output is committed, so that a clone, the page, its worker, the CLI and the tests all load the same bytes by an
 * ordinary import, with no build step before them and no fetch. A test compares the hash of the sources.
 */
import { pathToFileURL } from "node:url";
import { assemble, hashOfFolder } from "../tooling/assemblyscript.mjs";

const folder = new URL("kernels/", import.meta.url);
const maker = "src/cpu/build.mjs from src/cpu/kernels";

/** What the committed bytes were made from. */
export const sourceHash = () => hashOfFolder(folder);

async function build() {
  const memory = [
    "--exportTable",
    "--importMemory",
    "--sharedMemory",
    "--maximumMemory",
    "65536",
    "--enable",
    "threads",
  ];
  for (const name of ["simd", "relaxed"]) {
    const options = [...memory, ...(name === "relaxed" ? ["--enable", "relaxed-simd"] : [])];
    const bytes = await assemble({ folder, out: new URL(`wasm/${name}.ts`, import.meta.url), maker, options });
    console.log(`${name}: ${bytes} bytes`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await build();
