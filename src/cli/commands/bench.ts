/** burnish bench: what this device gives at most, what a training step makes of it, and where the time goes. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { claimsOf } from "@/bench/claims";
import { growthSvg } from "@/bench/growth-svg";
import { AXES, type BenchReport, exponent, type GrowthAxis, groupShares, growthCsv } from "@/bench/report";
import type { Command } from "@/cli/command";
import { megabytes, openModel, percent } from "@/cli/commands/shared";
import type { Terminal } from "@/cli/terminal";
import { table } from "@/cli/terminal";

const QUICK = { tokens: 128, seconds: 60 };
const WHOLE = { tokens: 512, seconds: 600 };

export const bench: Command = {
  name: "bench",
  summary: "Measure this device: its ceilings, training steps and where their time goes, decoding, growth.",
  required: [],
  optional: ["model", "shapes", "quick", "growth", "seconds", "rank", "max-length", "base-dtype", "activations", "out"],
  run: async (context) => {
    const { session, flags, terminal } = context;
    if (flags.model) await openModel(context, flags.model);
    const usual = flags.quick ? QUICK : WHOLE;
    const shapes = flags.model ? [] : (flags.shapes ?? "ember,smollm2-135m,qwen3-0.6b").split(",");
    let last = "";
    const report = await session.bench(
      {
        shapes,
        tokens: flags["max-length"] ?? usual.tokens,
        seconds: flags.seconds ?? usual.seconds,
        rank: flags.rank ?? 16,
        growth: flags.growth ?? false,
      },
      (_, note) => {
        if (note !== last && note !== "") terminal.note(note);
        last = note;
      },
    );
    print(report, terminal);
    terminal.emit({ type: "bench", ...report, claims: claimsOf(report) });
    if (flags.out) {
      await mkdir(flags.out, { recursive: true });
      await writeFile(join(flags.out, "bench.json"), `${JSON.stringify(report, null, 2)}\n`);
      if (report.growth.length > 0) {
        await writeFile(join(flags.out, "growth.csv"), growthCsv(report.growth));
        await writeFile(join(flags.out, "growth.svg"), growthSvg(report.growth));
      }
      terminal.say(`Written to ${flags.out}.`);
    }
  },
};

function print(report: BenchReport, { say }: Terminal): void {
  const { device, ceilings, steps, decodes, head, skipped, growth } = report;
  say(`${device.description}${device.software ? " (software)" : ""}`);
  if (ceilings) {
    const { matmulGflops, copyGBs } = ceilings;
    say(`At most ${figure(matmulGflops)} GFLOP/s in products of f32 matrices, ${figure(copyGBs)} GB/s in long sums\n`);
  }
  if (steps.length > 0) say(stepTable(report));
  for (const { model, variant, kernels } of steps.filter((step) => step.variant === "")) {
    const groups = Object.entries(groupShares(kernels)).map(([group, share]) => `${group} ${percent(share)}`);
    say(`\n${model}${variant && `, ${variant}`}: ${groups.join(", ")}`);
    const rows = kernels
      .slice(0, 12)
      .map(({ kernel, calls, ms, share }) => [...[kernel, String(calls), ms.toFixed(1), percent(share)]]);
    say(table([["kernel", "calls", "ms", "share"], ...rows]));
  }
  if (head) {
    const { fewRows, allRows, fewMs, allMs } = head;
    say(`\nLoss head, ${fewRows} of ${allRows} rows labelled: ${percent(fewMs / allMs)} of the cost of all`);
  }
  if (decodes.length > 0) {
    const rows = decodes.map(({ model, sequences, tokensPerSecond }) => [
      model,
      String(sequences),
      figure(tokensPerSecond),
    ]);
    say(`\n${table([["decoding", "at once", "tokens/s"], ...rows])}`);
  }
  for (const axis of Object.keys(AXES) as GrowthAxis[]) {
    const points = growth.filter((point) => point.axis === axis);
    if (points.length > 1) say(growthTable(axis, points));
  }
  const claims = claimsOf(report);
  const rows = claims.map(({ what, asked, found, holds }) => [what, asked, found, holds ? "yes" : "NO"]);
  if (rows.length > 0) say(`\n${table([["claim", "asked", "found", "holds"], ...rows])}`);
  for (const { what, why } of claims) if (why) say(`Short. ${what}: ${why}`);
  for (const line of skipped) say(`\nSkipped. ${line}`);
}

function stepTable({ steps }: BenchReport): string {
  const head = [
    "step",
    "tokens",
    "base",
    "tokens/s",
    "ms",
    "first",
    "JS",
    "launches",
    "of ceiling",
    "MFU",
    "slots",
    "bound",
  ];
  const rows = steps.map((step) => [
    `${step.model}${step.variant && `, ${step.variant}`}`,
    String(step.tokens),
    step.weightFormat,
    figure(step.tokensPerSecond),
    figure(step.stepMs),
    figure(step.firstStepMs),
    `${((100 * step.jsMs) / step.stepMs).toFixed(1)} %`,
    String(step.dispatches),
    percent(step.utilisation),
    percent(step.mfu),
    megabytes(step.slotBytes),
    megabytes(step.peakBytes),
  ]);
  return table([head, ...rows]);
}

function growthTable(axis: GrowthAxis, points: BenchReport["growth"]): string {
  const { title, fixed } = AXES[axis];
  const rows = points.map(({ value, stepMs, tokensPerSecond, gflop }) => [
    ...[String(value), figure(stepMs), figure(tokensPerSecond), figure(gflop / (stepMs / 1000))],
  ]);
  const grows = exponent(points).toFixed(2);
  return `\n${title} (${fixed}): time grows with its power ${grows}\n${table([["", "ms", "tokens/s", "GFLOP/s"], ...rows])}`;
}

/** Three digits that mean something. */
const figure = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
