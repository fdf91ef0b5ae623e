import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LICENSES_FILE, thirdPartyLicenses } from "./licenses.mjs";

test("THIRD_PARTY_LICENSES.md is current (node src/tooling/licenses.mjs writes it)", () => {
  expect(readFileSync(LICENSES_FILE, "utf8")).toBe(thirdPartyLicenses());
});
