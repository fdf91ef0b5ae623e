/** What goes wrong in a run ends with a sentence and the last good adapter, never with a spoilt one. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Session } from "@/session/contract";
import { adapterHash, fileHash, jsonRows, openTinySession, watch } from "@/session/tiny-session";

let session: Session;
beforeAll(async () => {
  session = await openTinySession();
});
afterAll(() => session.release());

const small = { data: { holdout: 0, maxLength: 64 }, lora: { rank: 4, alpha: 8 }, batch: { size: 2 } };
const rows = Array.from({ length: 8 }, (_, i) => ({ prompt: `${i} and `, completion: `${i * 7} is it.` }));

test("a pair of equal answers stops the run and is named by its row", async () => {
  const recipe = { ...small, method: "dpo" as const, schedule: { steps: 2 } };
  const pairs = rows.map(({ prompt, completion }, i) => ({
    ...{ prompt, chosen: completion, rejected: i === 5 ? completion : "No." },
  }));
  await session.openDataset(jsonRows(pairs), recipe);
  const heard = watch(session);
  await expect(session.train(recipe, heard.onEvent)).rejects.toThrow(/equal/i);
  expect(heard.losses.size).toBe(0);
  const report = await session.check(recipe, "dpo");
  expect(report.findings.find(({ gate }) => gate === "equal-pairs")).toMatchObject({ severity: "red", rows: [6] });
});

test("a loss that explodes puts the last good adapter back", async () => {
  const recipe = { ...small, schedule: { kind: "constant" as const, steps: 60 }, keep: { every: 5 } };
  const wild = { ...recipe, optimizer: { learningRate: 1e25, maxGradNorm: 0 }, probe: "never" as const };
  await session.openDataset(jsonRows(rows), recipe);
  await expect(session.train(wild, () => {})).rejects.toThrow(/At step \d+ .*The adapter is the one .* again/);
  const [failed] = await session.listRuns();
  expect(failed?.status).toBe("failed");
  // It explodes before any later copy of the adapter counts as good.
  expect(await adapterHash(session)).toBe(await fileHash(await session.initialAdapter(wild)));
});

test("answers without any reward are told, and the adapter stays as it was", async () => {
  const recipe = {
    ...{ ...small, method: "grpo" as const, schedule: { steps: 6 } },
    grpo: { numGenerations: 2, maxCompletionLength: 4, rewards: [{ name: "regex" as const, pattern: "^never this$" }] },
  };
  await session.openDataset(jsonRows(rows.map(({ prompt }) => ({ prompt }))), recipe);
  const heard = watch(session);
  await session.train(recipe, heard.onEvent);
  expect(heard.warnings.join(" ")).toMatch(/nothing to learn: for 5 samplings in a row no answer gets any reward/);
  expect([...heard.losses.values()].every((loss) => loss === 0)).toBe(true);
});
