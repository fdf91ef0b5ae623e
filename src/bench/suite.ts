/**
 * The whole bench, in the order of what a reader wants first: ceilings, a step of each model, what choices cost, decoding,
 * growth. Nothing starts that would not end within the budget by the ceiling just measured, or that the device's memory
 * would not hold: it is skipped, and the report says so.
 */
import { measureCeilings } from "@/bench/ceiling";
import { decodeFlops, measureDecode } from "@/bench/decode";
import { GROWTH, measureGrowth, planGrowth } from "@/bench/growth";
import { measureHead, traceHead } from "@/bench/head";
import { bindableFormat, type RandomFormat, randomRuntime } from "@/bench/random-model";
import { AXES, type BenchOptions, type BenchReport } from "@/bench/report";
import { SHAPES, type ShapeName } from "@/bench/shapes";
import { measureStep, planStep, type StepPlan, type StepSetting } from "@/bench/step";
import { measureTurns } from "@/bench/turns";
import { bucketOf } from "@/data/pack";
import { slotBytes } from "@/graph/plan";
import type { Target } from "@/graph/target";
import type { Architecture } from "@/model/architecture";
import { cacheBytes } from "@/model/generate";
import { type Runtime, releaseRuntime } from "@/model/runtime";
import { type Formats, modelTensors, weightBytes } from "@/model/weights";

/** A model to measure: one that is open, or a shape that is built here. */
export interface Subject {
  readonly label: string;
  readonly arch: Architecture;
  readonly parameters: number;
  readonly formats: Formats;
  readonly open: () => { runtime: Runtime; close: () => void };
}

export type Report = (report: BenchReport, note: string) => void;

/** What a step is expected to reach of the ceiling; where it reaches less, a budget is overrun by that much. */
const EXPECTED = 0.5;
/** Measured runs beside the first one and the profile. */
const RUNS = 3;
/** Seconds at least: engines compile hot code anew while it runs. */
const STEADY = 1;
const DECODE_TOKENS = 24;
const FOUR_BIT = ["q4_0", "nf4"] as const;
const GROWTH_PART = 0.4;
/** Shapes of which it is measured what choices cost: the first of them that is there. */
const TYPICAL: readonly ShapeName[] = ["smollm2-135m", "smollm2-blocks"];

export function shapeSubject(target: Target, name: ShapeName, wanted: RandomFormat = "f32"): Subject {
  const { label, arch, parameters } = SHAPES[name];
  const { memoryBudget, maxBindingBytes } = target.limits;
  const order: readonly RandomFormat[] = ["f32", "f16", "q8_0", "q4_0", "nf4"];
  // Half of the memory is for training, as when a model is opened.
  const affordable = order
    .slice(order.indexOf(wanted))
    .find(
      (format) => weightBytes(modelTensors(arch, bindableFormat(arch, format, maxBindingBytes))) <= memoryBudget / 2,
    );
  const formats = bindableFormat(arch, affordable ?? "nf4", maxBindingBytes);
  const open = () => {
    const runtime = randomRuntime(target, arch, formats);
    return { runtime, close: () => releaseRuntime(runtime) };
  };
  return { label, arch, parameters, formats, open };
}

export async function runBench(
  target: Target,
  subjects: readonly Subject[],
  options: BenchOptions,
  onReport: Report,
  stopped: () => boolean,
): Promise<BenchReport> {
  const began = performance.now();
  const { name, description, software } = target;
  let report: BenchReport = {
    device: { target: name, description, software },
    ...{ steps: [], decodes: [], growth: [], skipped: [], seconds: 0 },
  };
  const elapsed = () => (performance.now() - began) / 1000;
  const add = (more: Partial<BenchReport>) => {
    report = { ...report, ...more, seconds: elapsed() };
  };
  const say = (note: string) => onReport(report, note);

  say("Measuring the ceilings: products and copies");
  const ceilings = await measureCeilings(target);
  add({ ceilings });
  const gflops = ceilings.matmulGflops;

  const skip = (line: string) => add({ skipped: [...report.skipped, line] });
  // A part of the time is kept for growth, which comes last.
  let until = options.seconds * (options.growth ? 1 - GROWTH_PART : 1);

  /** Does it if time and memory do; says why not otherwise. */
  const attempt = async (
    what: string,
    flops: number,
    bytes: number,
    run: (seconds: number) => Promise<void>,
    runs = 3,
  ) => {
    if (stopped()) return;
    const once = flops / (EXPECTED * gflops * 1e9);
    const whole = runs * once;
    const left = until - elapsed();
    if (bytes > target.limits.memoryBudget)
      return skip(
        `${what}: needs ${megabytes(bytes)}, more than the ${megabytes(target.limits.memoryBudget)} given here.`,
      );
    if (whole > left)
      return skip(`${what}: would take about ${duration(whole)}, and ${duration(Math.max(0, left))} are left.`);
    say(what);
    await run(Math.min(RUNS * once, left / 3));
    say(what);
  };

  const step = async (subject: Subject, variant: string, setting: StepSetting) => {
    const plan = (): StepPlan =>
      planStep(subject.arch, modelTensors(subject.arch, subject.formats), {
        activations: target.activations,
        ...setting,
      });
    const { flops, bytes } = plan();
    const weights = weightBytes(modelTensors(subject.arch, subject.formats));
    const what = `A training step of ${subject.label}${variant ? `, ${variant}` : ""}`;
    await attempt(what, flops.total, bytes + weights, async (seconds) => {
      const { runtime, close } = subject.open();
      try {
        const measured = await measureStep(runtime, plan, gflops, Math.max(STEADY, seconds));
        add({ steps: [...report.steps, { model: subject.label, variant, ...measured }] });
      } finally {
        close();
      }
    });
  };

  const setting = { tokens: options.tokens, rank: options.rank };
  for (const subject of subjects) {
    const tokens = Math.min(options.tokens, subject.arch.contextLength);
    await step(subject, "", { ...setting, tokens });
  }
  const typical = TYPICAL.find((shape) => subjects.some(({ arch }) => arch === SHAPES[shape].arch));
  if (typical) await choices(typical);
  for (const subject of subjects) {
    for (const sequences of [1, 32]) await decode(subject, sequences);
  }
  if (options.growth) {
    until = options.seconds;
    await growthPoints();
  }
  add({});
  say("");
  return report;

  /** What choices cost, beside the plain step. */
  async function choices(name: ShapeName) {
    const subject = shapeSubject(target, name);
    await turns(name, subject);
    await headCost(subject, options.tokens);
    await step(subject, "20 % labelled", { ...setting, labelled: 0.2 });
  }

  async function turns(name: ShapeName, subject: Subject) {
    const entrant = ({ arch, formats, open }: Subject, how: Partial<StepSetting> = {}) => {
      const tensors = modelTensors(arch, formats);
      const plan = () => planStep(arch, tensors, { activations: target.activations, ...setting, ...how });
      return { open, plan, bytes: plan().bytes + weightBytes(tensors) };
    };
    const entrants = [
      entrant(subject),
      entrant(subject, { keepActivations: true }),
      ...FOUR_BIT.map((format) => entrant(shapeSubject(target, name, format))),
    ];
    const bytes = entrants.reduce((sum, each) => sum + each.bytes, 0);
    const flops = entrants.length * (entrants[0]?.plan().flops.total ?? 0);
    await attempt(`${subject.label}: what choices cost, in turns`, flops, bytes, async (seconds) => {
      const [plainMs = Number.NaN, kept = Number.NaN, ...four] = await measureTurns(entrants, seconds);
      const variants = [
        { variant: "activations kept" as const, ms: kept },
        ...FOUR_BIT.map((format, i) => ({ variant: `${format} base` as const, ms: four[i] ?? Number.NaN })),
      ];
      add({ turns: { model: subject.label, tokens: setting.tokens, plainMs, variants } });
    });
  }

  async function growthPoints() {
    const before = report.skipped;
    for (const point of GROWTH) {
      const { flops, bytes } = planGrowth(point);
      const what = `Growth: ${AXES[point.axis].title.toLowerCase()} ${point.value}`;
      await attempt(what, flops.total, bytes, async (seconds) => {
        add({ growth: [...report.growth, await measureGrowth(target, point, gflops, seconds)] });
      });
    }
    const missed = GROWTH.length - report.growth.length;
    // One line for all of them.
    if (missed > 1 && !stopped()) {
      add({ skipped: before });
      skip(`Growth: ${missed} of ${GROWTH.length} points do not fit into the time or memory that is left.`);
    }
  }

  async function headCost({ label, arch, formats, open }: Subject, tokens: number) {
    // Multiples of five chunks, so that padding does not blur the part.
    const allRows = Math.max(320, Math.round(tokens / 320) * 320);
    const fewRows = bucketOf(allRows / 5);
    const tensors = modelTensors(arch, formats);
    const bytes = slotBytes(traceHead({ arch, tensors }, allRows)) + weightBytes(tensors);
    await attempt(`The loss head of ${label}`, 2 * 4 * allRows * arch.vocab * arch.hidden, bytes, async (seconds) => {
      const { runtime, close } = open();
      try {
        add({ head: await measureHead(runtime, label, fewRows, allRows, seconds) });
      } finally {
        close();
      }
    });
  }

  async function decode({ label, arch, formats, parameters, open }: Subject, sequences: number) {
    const bytes = weightBytes(modelTensors(arch, formats)) + cacheBytes(arch, { sequences, length: 64 });
    // Padded to the row tile, and bound by memory rather than by arithmetic.
    const flops = decodeFlops(parameters, Math.max(8, sequences), DECODE_TOKENS);
    await attempt(`Generating with ${label}, ${sequences} at once`, flops, bytes, async (seconds) => {
      const { runtime, close } = open();
      try {
        const measured = await measureDecode(runtime, label, sequences, DECODE_TOKENS, Math.max(STEADY, seconds));
        add({ decodes: [...report.decodes, measured] });
      } finally {
        close();
      }
    });
  }
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
const duration = (seconds: number) =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} minutes`;
