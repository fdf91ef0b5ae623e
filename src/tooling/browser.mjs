/**
 * Which Chromium the tests drive, and whose software GPU they borrow: an installed Chrome or Chromium, else Playwright's
 * own, else the system's package. Finding needs Node's built-ins only.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { PlainError, ROOT, runCommand } from "./install.mjs";

const { env, platform } = process;

function installedPlaces() {
  if (platform === "darwin") {
    const names = ["Google Chrome", "Chromium", "Google Chrome Canary", "Microsoft Edge"];
    const folders = ["/Applications", join(homedir(), "Applications")];
    return names.flatMap((name) => folders.map((folder) => `${folder}/${name}.app/Contents/MacOS/${name}`));
  }
  if (platform === "win32") {
    const folders = [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA].filter(Boolean);
    const programs = ["Google/Chrome", "Chromium", "Microsoft/Edge"];
    const names = { "Microsoft/Edge": "msedge.exe" };
    return programs.flatMap((name) =>
      folders.map((folder) => join(folder, name, "Application", names[name] ?? "chrome.exe")),
    );
  }
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
  const folders = [...(env.PATH ?? "").split(delimiter).filter(Boolean), "/usr/bin", "/opt/google/chrome"];
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

/** Where `playwright install` puts its browsers, newest revision first. */
function playwrightPlaces() {
  const caches = {
    darwin: join(homedir(), "Library", "Caches", "ms-playwright"),
    win32: join(env.LOCALAPPDATA ?? homedir(), "ms-playwright"),
  };
  const cache = env.PLAYWRIGHT_BROWSERS_PATH ?? caches[platform] ?? join(homedir(), ".cache", "ms-playwright");
  if (!existsSync(cache)) return [];
  const revisions = readdirSync(cache).filter((name) => /^chromium-\d+$/.test(name));
  revisions.sort((a, b) => Number(b.slice(9)) - Number(a.slice(9)));
  const testing = "Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing";
  const inside = {
    darwin: [
      `chrome-mac-arm64/${testing}`,
      `chrome-mac-x64/${testing}`,
      "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
    ],
    win32: ["chrome-win64/chrome.exe", "chrome-win/chrome.exe"],
  };
  const ends = inside[platform] ?? ["chrome-linux64/chrome", "chrome-linux/chrome"];
  return revisions.flatMap((name) => ends.map((end) => join(cache, name, end)));
}

/** A file that is there may still lack libraries, or be Ubuntu's stub that only points to a snap. */
function starts(path) {
  if (!existsSync(path)) return false;
  if (platform !== "linux") return true; // chrome.exe --version opens a window.
  return spawnSync(path, ["--version"], { stdio: "ignore", timeout: 30_000 }).status === 0;
}

/** @returns {string | undefined} the executable */
export function findBrowser() {
  if (env.CHROME_PATH) {
    if (existsSync(env.CHROME_PATH)) return env.CHROME_PATH;
    throw new PlainError(`CHROME_PATH names ${env.CHROME_PATH}, and there is no such file.`);
  }
  return [...installedPlaces(), ...playwrightPlaces()].find(starts);
}

const canInstallPackages = () => platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");

async function installSystemPackage() {
  const options = { env: { ...env, DEBIAN_FRONTEND: "noninteractive" }, stdio: ["ignore", "ignore", "inherit"] };
  await runCommand("apt-get", ["update", "-qq"], options);
  await runCommand("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], options);
}

/** Finds a browser or installs one. Needs the packages of node_modules. */
export async function ensureBrowser() {
  const found = findBrowser();
  if (found) return found;
  console.error("No Chrome or Chromium found: installing Playwright's …");
  const playwright = join(ROOT, "node_modules", "playwright", "cli.js");
  await runCommand(process.execPath, [playwright, "install", "chromium", "--no-shell"]);
  const own = findBrowser();
  if (own) return own;
  if (canInstallPackages()) {
    console.error("That did not give one that starts: installing the system's package …");
    await installSystemPackage();
    const system = findBrowser();
    if (system) return system;
  }
  throw new PlainError(
    "The tests need Chrome or Chromium, and none could be installed.\nInstall one (Debian: apt-get install chromium), or name its program in the variable CHROME_PATH.",
  );
}
