/** What the judges' checks share: the fixtures, the engines, sums of counts. */
import { join } from "node:path";

export const FIXTURES = join("e2e", "fixtures");
export const fixture = (path) => join(FIXTURES, path);

// On the software GPU, so that the same kernels are judged everywhere; the CPU engine has its own checks.
export const GPU = ["--device", "webgpu"];
export const CPU = ["--device", "cpu"];

/** The fixtures' two dozen rows are no data set, and hold one that is cut on purpose. */
export const ACCEPT = ["--accept", "no-signal,truncated-answers"];

export const sum = (...parts) => ({
  passed: parts.reduce((total, part) => total + part.passed, 0),
  failed: parts.reduce((total, part) => total + part.failed, 0),
});

/** Of `--json` output, which is an object a line. */
export const lastObject = (lines) => JSON.parse(lines.trim().split("\n").at(-1) ?? "{}");
