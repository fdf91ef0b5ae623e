/**
 * Op tests on lavapipe, Mesa's software GPU: a second opinion on every kernel, with features that SwiftShader lacks
 * (shader-f16, subgroups of eight).
 *
 *   node src/tooling/lavapipe.mjs install     unpacks Debian's packages into .lavapipe/; changes nothing else, needs no root
 *   node src/tooling/lavapipe.mjs test        ends with "N passed, N failed"
 *
 * Dawn refuses the Mesa of Debian 12, so the packages come from its backports.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { PlainError, ROOT, runCommand, runMain } from "./install.mjs";

const HOME = join(ROOT, ".lavapipe");
const DRIVER = join(HOME, "driver.json");
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const SOURCES = ["bookworm", "bookworm-backports"].map(
  (suite) => `deb [signed-by=${KEYRING}] http://deb.debian.org/debian ${suite} main\n`,
);
/** What kernels differ in between drivers, and every form of products and attention; its slow compiler makes the rest too dear. */
const OPS = [
  "rmsnorm",
  "swiglu",
  "rope",
  "cross-entropy",
  "linear",
  "linear-forms",
  "attention-forms",
  "add",
  "sample",
];
const TESTS = [...[...OPS, "norm", "cache"].map((name) => `src/ops/${name}.test.ts`), "src/bench/half.gpu.test.ts"];

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: HOME, encoding: "utf8", timeout: 180_000 });
  if (status !== 0) throw new PlainError(`${command} ${args.at(-1)}: ${stderr?.trim().split("\n").at(-1) ?? "failed"}`);
  return stdout;
}

/** Folders of the unpacked packages in which a loader looks for libraries. */
function libraryFolder() {
  const base = join(HOME, "root/usr/lib");
  const name = existsSync(base) && readdirSync(base).find((entry) => entry.endsWith("-linux-gnu"));
  return name ? join(base, name) : "";
}

function install() {
  if (existsSync(DRIVER)) return;
  for (const folder of ["lists/partial", "cache/archives/partial", "root"])
    mkdirSync(join(HOME, folder), { recursive: true });
  writeFileSync(join(HOME, "sources.list"), SOURCES.join(""));
  const here = [
    ...["-o", `Dir::Etc::SourceList=${join(HOME, "sources.list")}`, "-o", "Dir::Etc::SourceParts=/dev/null"],
    ...["-o", `Dir::State::Lists=${join(HOME, "lists")}`, "-o", `Dir::Cache=${join(HOME, "cache")}`],
  ];
  run("apt-get", [...here, "update", "-qq"]);
  // A simulation names packages and versions that this machine lacks; downloading them needs no root.
  const wanted = [
    "-s",
    "install",
    "--no-install-recommends",
    "-t",
    "bookworm-backports",
    "mesa-vulkan-drivers",
    "libvulkan1",
  ];
  const lines = run("apt-get", [...here, ...wanted]).split("\n");
  const packages = lines.map((line) => /^Inst (\S+) .*?\((\S+) /.exec(line)).filter((found) => found !== null);
  run("apt-get", [...here, "download", ...packages.map(([, name, version]) => `${name}=${version}`)]);
  for (const file of readdirSync(HOME).filter((name) => name.endsWith(".deb"))) {
    run("dpkg", ["-x", file, "root"]);
    rmSync(join(HOME, file));
  }
  const folder = libraryFolder();
  const library = join(folder, "libvulkan_lvp.so");
  if (!existsSync(library)) throw new PlainError("The packages hold no libvulkan_lvp.so.");
  const driver = { file_format_version: "1.0.0", ICD: { library_path: library, api_version: "1.4.0" } };
  writeFileSync(DRIVER, JSON.stringify(driver));
}

async function test() {
  if (!existsSync(DRIVER)) throw new PlainError("First: node src/tooling/lavapipe.mjs install");
  const report = join(HOME, "report.json");
  const env = {
    ...process.env,
    VK_DRIVER_FILES: DRIVER,
    LD_LIBRARY_PATH: libraryFolder(),
    BURNISH_HARDWARE_GPU: "1", // keeps the tests' own software driver away
    GALLIVM_PERF: "nopt", // a kernel runs once here: its optimising costs more than it saves
  };
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  // Vitest leaves a core free by itself; here the compiler is what is waited for.
  const how = ["run", "--project", "gpu", `--maxWorkers=${availableParallelism()}`, ...reporters];
  const code = await runCommand(process.execPath, [vitest, ...how, ...TESTS], { env });
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
  const failed = numFailedTests + (code !== 0 && numFailedTests === 0 ? 1 : 0);
  console.log(`\n${numPassedTests} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await runMain(async () => {
  const [verb] = process.argv.slice(2);
  if (verb === "install") install();
  else if (verb === "test") await test();
  else throw new PlainError("Say install or test.");
});
