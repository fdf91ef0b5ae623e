/** Half of the judge e2e/oracle/check_upskill.py, which sets the folder: reads what upskill's models wrote, writes it again. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSuite } from "./read";
import { writeUpskill } from "./upskill";

const folder = process.env.BURNISH_UPSKILL ?? "";

test.skipIf(folder === "")("what upskill writes is read", () => {
  for (const [from, to] of [
    ["theirs.json", "ours.json"],
    ["list.json", "ours-list.json"],
  ] as const) {
    const suite = readSuite(readFileSync(join(folder, from), "utf8"), from);
    expect(suite).toMatchObject({ format: "upskill", cases: { length: 3 } });
    writeFileSync(join(folder, to), writeUpskill(suite));
  }
});
