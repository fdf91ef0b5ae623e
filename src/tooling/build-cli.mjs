/** The command line's program, installed and built if it is not; quiet unless something is to be done. */
import { ensureBuilt } from "./build.mjs";
import { ensureInstalled } from "./install.mjs";

/** @returns {Promise<string>} path of the built program */
export async function buildCli() {
  await ensureInstalled();
  return ensureBuilt("cli");
}
