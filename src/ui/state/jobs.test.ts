/** What the room Jobs makes of a job's news, without a screen. */
import { expect, test } from "vitest";
import { readJob } from "@/offload/job";
import { type Followed, updated } from "@/ui/state/jobs-follow";
import { rowOfView } from "@/ui/state/jobs-list";
import { gpuWords, moneySpan, stageWords, timeSpan } from "@/ui/state/jobs-words";

const NOTHING: Followed = {
  ...{ name: "a", turn: 1, job: null, spent: null, progress: null, metric: null, lines: [], earlier: 0, note: "" },
  ...{ outcome: null, live: true },
};

test("a log keeps its last thousand lines and says how many came before", () => {
  let followed: Followed = NOTHING;
  for (let i = 0; i < 1005; i++) followed = updated(followed, { type: "line", text: `line ${i}`, timestamp: "" });
  expect([followed.lines.length, followed.earlier, followed.lines[0]]).toEqual([1000, 5, "line 5"]);
});

test("a broken connection is told until something new is heard", () => {
  const broken = updated(NOTHING, { type: "note", message: "It broke. Reading it again." });
  expect(broken.note).toContain("Reading it again");
  expect(updated(broken, { type: "line", text: "a", timestamp: "" }).note).toBe("");
});

test("a job from elsewhere is asked for by its owner, and is called by its label", () => {
  const info = { id: "abc123", createdAt: "2026-11-21T10:00:00Z", status: { stage: "RUNNING" }, flavor: "l4x1" };
  const job = readJob({ ...info, labels: { burnish: "qwen-sft" } }, "team");
  const row = rowOfView({ job, kept: null, spent: 0.2 });
  expect(row).toMatchObject({ name: "team/abc123", title: "qwen-sft", over: false, run: null });
});

test("figures as people read them", () => {
  expect(timeSpan({ low: 61, high: 5400 })).toBe("1\u00a0min to 1\u00a0h\u00a030\u00a0min");
  expect(timeSpan({ low: 3, high: 40 })).toBe("1\u00a0min");
  expect(moneySpan({ low: 0.004, high: 1.2 })).toBe("less than $0.01 to $1.20");
  expect(gpuWords({ gpu: "A100", gpus: 4 })).toBe("A100 × 4");
  expect(stageWords("ERROR")).toBe("failed");
  expect(stageWords("UPDATING")).toBe("updating");
});
