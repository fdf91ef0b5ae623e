#!/usr/bin/env node
/**
 * The `burnish` command before anything is installed or built: makes sure that both are done, then hands over to the
 * built program in a process of its own, because Node takes its WASM flags and Vulkan its driver only at a start.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { buildCli } from "../tooling/build-cli.mjs";

const program = await buildCli();
const flags = Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-wasm-relaxed-simd"] : [];
const [command, ...rest] = process.argv.slice(2);
const { status, signal, error } = spawnSync(
  process.execPath,
  [...flags, "--no-warnings", program, ...(command ? [command, ...rest] : [])],
  {
    stdio: "inherit",
    env: { ...process.env, BURNISH_PUBLIC: fileURLToPath(new URL("../../public", import.meta.url)) },
  },
);
if (error) throw error;
process.exit(signal ? 1 : (status ?? 1));
