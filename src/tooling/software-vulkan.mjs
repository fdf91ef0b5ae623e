/**
 * SwiftShader, the software GPU that ships inside Chromium and Chrome: where its Vulkan driver and loader lie.
 * A process must start with these variables set, since the loader reads them once.
 */
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** @returns {string[]} folders that may hold a Chromium, most specific first */
function folders() {
  const cache = process.env.PLAYWRIGHT_BROWSERS_PATH ?? join(homedir(), ".cache", "ms-playwright");
  const playwright = existsSync(cache)
    ? readdirSync(cache).flatMap((name) => [join(cache, name, "chrome-linux"), join(cache, name, "chrome-linux64")])
    : [];
  return [
    "/usr/lib/chromium",
    "/usr/lib64/chromium-browser",
    "/usr/lib/chromium-browser",
    "/opt/google/chrome",
    "/opt/chromium",
    ...playwright,
  ];
}

/** @returns {{ LD_LIBRARY_PATH: string, VK_DRIVER_FILES: string } | undefined} */
export function softwareVulkan() {
  const folder = folders().find(
    (path) => existsSync(join(path, "vk_swiftshader_icd.json")) && existsSync(join(path, "libvulkan.so.1")),
  );
  if (!folder) return undefined;
  const inherited = process.env.LD_LIBRARY_PATH;
  return {
    LD_LIBRARY_PATH: inherited ? `${folder}${delimiter}${inherited}` : folder,
    VK_DRIVER_FILES: join(folder, "vk_swiftshader_icd.json"),
  };
}
