/**
 * What stands before a run's first step, counted rather than timed: each program is traced once, however many ask for it;
 * pipelines are asked for before anything is uploaded; nothing but the guard's copy is read back before the step's own
 * results; and the look at held-out rows, which comes behind it, changes neither what it sees nor what is learned.
 */
import { beforeEach, expect, test, vi } from "vitest";
import type * as Plan from "@/graph/plan";
import type { Target } from "@/graph/target";
import { chooseTarget } from "@/session/choose-target";
import type { Session } from "@/session/contract";
import { adapterHash, jsonRows, openTinySession, watch } from "@/session/tiny-session";
import type { RunEvent } from "@/worker/api/run";

const traced = vi.hoisted((): string[] => []);
vi.mock("@/graph/plan", async (original) => {
  const plan = await original<typeof Plan>();
  const compileGraph: typeof plan.compileGraph = (graph) => {
    traced.push(graph.name);
    return plan.compileGraph(graph);
  };
  return { ...plan, compileGraph };
});

const FRUITS = "apple pear plum fig lime kiwi mango grape date melon peach cherry quince guava papaya olive".split(" ");
const PLANTS = "oak elm ash birch cedar willow maple pine".split(" ");
const pairs = [...FRUITS, ...PLANTS].map((word, i) => ({
  prompt: `${word} backwards: `,
  completion: [...word]
    .reverse()
    .join("")
    .repeat(1 + (i % 5)),
}));
const rows = pairs.slice(0, 16);
const recipe = { schedule: { steps: 8 }, batch: { size: 2 }, evaluate: { every: 0, maxTokens: 4 }, lora: { rank: 4 } };

/** A target that notes what is asked of it, and makes pipelines as a GPU does. */
function noted(target: Target, log: string[]): Target {
  return {
    ...target,
    prepare: async ({ name }) => void log.push(`prepare ${name}`),
    compile: (program, externals) => {
      log.push(`compile ${program.name}`);
      return target.compile(program, externals);
    },
    write: (buffer, ...rest) => {
      log.push(`write ${buffer.label}`);
      target.write(buffer, ...rest);
    },
    read: (buffer, ...rest) => {
      log.push(`read ${buffer.label}`);
      return target.read(buffer, ...rest);
    },
  };
}

const log: string[] = [];
async function opened(held: readonly object[] = []): Promise<Session> {
  const chosen = await chooseTarget("cpu", undefined);
  const target = noted(chosen.target, log);
  const session = await openTinySession({ openTarget: async () => ({ ...chosen, target }) });
  const blob = new Blob([held.map((row) => JSON.stringify(row)).join("\n")]);
  const source = { ...jsonRows(rows), ...(held.length > 0 ? { eval: { name: "held.jsonl", blob } } : {}) };
  await session.openDataset(source as ReturnType<typeof jsonRows>, { ...recipe, data: { holdout: 0 } });
  return session;
}

beforeEach(() => {
  traced.length = 0;
  log.length = 0;
});

const settings = { ...recipe, data: { holdout: 0 } };

test("a plan and the run that follows trace each program once, and ask for pipelines before the first upload", async () => {
  const session = await opened(pairs.slice(16));
  log.length = 0;
  await session.plan(settings);
  const planned = [...traced];
  expect(log.filter((entry) => entry.startsWith("prepare"))).toHaveLength(2);
  log.length = 0;
  const events: RunEvent[] = [];
  await session.train(settings, (some) => events.push(...some));
  session.release();

  const steps = traced.filter((name) => /^(step|loss|optimizer)/.test(name));
  expect(new Set(steps).size).toBe(steps.length);
  expect(planned).toContain("optimizer");
  const [first = "", second = ""] = log;
  expect([first.split(" ").slice(0, 2).join(" "), second]).toEqual(["prepare step", "prepare optimizer"]);

  const begin = log.indexOf(first.replace("prepare", "compile"));
  const ended = log.indexOf("read norm");
  expect(begin).toBeGreaterThan(0);
  expect(log.slice(0, ended).filter((entry) => entry.startsWith("read"))).toEqual(["read adapter", "read nll"]);
  expect(log.slice(0, ended).filter((entry) => entry.startsWith("compile"))).toEqual([
    first.replace("prepare", "compile"),
    "compile optimizer",
  ]);

  // Steps of other sizes wait for no compiler either.
  const sizes = log.filter((entry) => entry.startsWith("compile step"));
  expect(sizes.length).toBeGreaterThan(1);
  for (const entry of sizes) {
    const prepared = log.indexOf(entry.replace("compile", "prepare"));
    expect(prepared).toBeGreaterThanOrEqual(0);
    expect(prepared).toBeLessThan(log.indexOf(entry));
  }

  const told = events.map((event) => event.type).filter((type) => type !== "phase" && type !== "samples");
  expect(told.slice(0, 3)).toEqual(["step", "timeline", "eval"]);
  const timeline = events.find((event) => event.type === "timeline");
  const names = timeline?.type === "timeline" ? timeline.run.map(({ name }) => name) : [];
  expect(names).toContain("first step");
  expect(names).not.toContain("held-out rows");
  expect(timeline).toMatchObject({ gflop: expect.any(Number) });
});

test("held-out rows are seen as the run began, and change nothing that is learned", async () => {
  const held = pairs.slice(16);
  const looking = await opened(held);
  const seen = watch(looking);
  const { evalLossBefore } = await looking.train(settings, seen.onEvent);
  const blob = new Blob([held.map((row) => JSON.stringify(row)).join("\n")]);
  const scores = await looking.score({ name: "held.jsonl", blob }, settings, false);
  const tokens = scores.reduce((sum, one) => sum + one.tokens, 0);
  expect(evalLossBefore).toBeCloseTo(scores.reduce((sum, { nll }) => sum + nll, 0) / tokens, 5);
  const hash = await adapterHash(looking);
  looking.release();

  const blind = await opened();
  const unseen = watch(blind);
  await blind.train(settings, unseen.onEvent);
  expect([...unseen.losses]).toEqual([...seen.losses]);
  expect(await adapterHash(blind)).toBe(hash);
  blind.release();
});
