/** The gates with what only the session has: a suite that the tuned model is to be tested on. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Session } from "@/session/contract";
import { jsonRows, openTinySession } from "@/session/tiny-session";

const asked =
  "Set an alarm for seven in the morning tomorrow please and also wake me up with some quiet music from the radio";
const rows = Array.from({ length: 40 }, (_, i) => ({
  prompt: `Number ${i} of ${(i * 7) % 13}:`,
  completion: ` ${i * 3}`,
}));
const recipe = { data: { holdout: 0, maxLength: 256 } };

let session: Session;
beforeAll(async () => {
  session = await openTinySession();
  await session.openDataset(jsonRows([...rows, { prompt: asked, completion: " ok" }]), recipe);
});
afterAll(() => session.release());

const suite = (text: string) => ({
  name: "mine.jsonl",
  blob: new Blob([JSON.stringify({ prompt: text, expected: "ok" })]),
});
const found = async (text: string) =>
  (await session.check(recipe, "sft", false, suite(text))).findings.filter(
    // This session has no list of HumanEval, which a note says.
    ({ gate, severity }) => gate === "contamination" && severity !== "note",
  );

test("a row that the chosen suite asks is named; another suite says nothing", async () => {
  expect(await found(asked)).toMatchObject([{ severity: "red", rows: [41], count: 1 }]);
  expect(
    await found("Something else altogether, in rather more than thirteen words, so that it could be found here"),
  ).toEqual([]);
});
