/**
 * npm start [-- --no-open] [-- --port N]: from a fresh clone to the page in one command. Installs what is missing,
 * builds what has changed, serves dist/web on this machine only and opens the browser.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureBuilt } from "./build.mjs";
import { checkNode, ensureInstalled, PlainError, ROOT, runMain } from "./install.mjs";
import { serve } from "./server.mjs";

const DEFAULT_PORT = 4173;
const USAGE =
  "npm start                            install, build, serve, open the browser\nnpm start -- --no-open               leave the browser alone\nnpm start -- --port 8080             start looking for a free port there";

async function readFlags() {
  // Imported late: a Node too old to have it shall still say so in words.
  const { parseArgs } = await import("node:util");
  try {
    const options = { "no-open": { type: "boolean" }, port: { type: "string" }, help: { type: "boolean", short: "h" } };
    const { values } = parseArgs({ options });
    const port = Number(values.port ?? DEFAULT_PORT);
    if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`--port ${values.port} is not a port`);
    return { port, open: !values["no-open"], help: values.help === true };
  } catch (error) {
    throw new PlainError(`${error.message}\n\n${USAGE}`);
  }
}

/** Opens the default browser; a machine without one or without a screen is no error, the address is printed. */
function openBrowser(url) {
  const { CI, DISPLAY, WAYLAND_DISPLAY } = process.env;
  const screen = process.platform === "darwin" || process.platform === "win32" || DISPLAY || WAYLAND_DISPLAY;
  if (CI || !screen) return;
  const commands = { darwin: ["open", url], win32: ["cmd", "/c", "start", "", url] };
  const [command, ...args] = commands[process.platform] ?? ["xdg-open", url];
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}

async function main() {
  checkNode();
  const { port, open, help } = await readFlags();
  if (help) return console.log(USAGE);
  await ensureInstalled();
  await ensureBuilt("web");
  const { url, close } = await serve(join(ROOT, "dist", "web"), port);
  for (const signal of ["SIGINT", "SIGTERM"])
    process.once(signal, () => {
      close().then(() => process.exit(0));
    });
  console.log(`Burnish is at ${url}  (Ctrl-C ends it)`);
  if (open) openBrowser(url);
}

await runMain(main);
