/** A run of the mock session: losses that fall, samples that grow right, or a loss that is no longer a number. */
import { AppError } from "@/errors";
import type { Recipe } from "@/train/recipe";
import { REQUESTS } from "@/ui/mock/dataset";
import { mockFeedback, mockHeldOut } from "@/ui/mock/feedback";
import type { RunEvent, RunResult } from "@/worker/api/run";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export interface MockRun {
  paused: boolean;
  stopped: boolean;
}

export async function trainMock(
  recipe: Recipe,
  onEvent: (events: readonly RunEvent[]) => void,
  run: MockRun,
  { pace, scenario }: { pace: number; scenario: string },
): Promise<RunResult> {
  run.paused = false;
  run.stopped = false;
  const { steps } = recipe.schedule;
  const evalLoss = (step: number) => 0.34 + 3.4 * Math.exp((-5 * step) / steps);
  const held = (step: number) => mockHeldOut(scenario, step, steps, evalLoss(step));
  const samples = (step: number): RunEvent => ({ type: "samples", step, samples: samplesAt(recipe, step / steps) });
  await wait(pace * 4);
  onEvent([{ type: "phase", phase: "evaluate" }, { type: "eval", step: 0, ...held(0) }, samples(0)]);
  onEvent([{ type: "phase", phase: "train" }]);
  let step = 0;
  while (step < steps && !run.stopped) {
    await wait(pace);
    if (run.paused) continue;
    step += 1;
    if (scenario === "fail" && step > 20) throw diverged(step);
    onEvent([{ ...stepEvent(recipe, step, pace), ...mockFeedback(scenario, step, steps) }]);
    const every = recipe.evaluate.every;
    if (every > 0 && step % every === 0) onEvent([{ type: "eval", step, ...held(step) }, samples(step)]);
  }
  onEvent([{ type: "phase", phase: "done" }]);
  return {
    recipe,
    run: null,
    steps: step,
    stopped: run.stopped,
    finalLoss: 0.31,
    evalLossBefore: evalLoss(0),
    evalLossAfter: evalLoss(step),
    evalBefore: {},
    evalAfter: {},
    seconds: (step * pace) / 1000,
    trainableParameters: 102_400,
    memory: { forecast: 13_500_000, peak: 13_400_000 },
  };
}

const diverged = (step: number) =>
  new AppError("run/diverged", `The loss is no longer a number at step ${step}.`, {
    hint: "Start again with a third of the learning rate; the last good adapter was kept.",
  });

function stepEvent(recipe: Recipe, step: number, pace: number): Extract<RunEvent, { type: "step" }> {
  const { steps, warmup, kind } = recipe.schedule;
  const fade = kind === "constant" ? 1 : 1 - (step - warmup) / Math.max(1, steps - warmup);
  const rate = recipe.optimizer.learningRate * (step < warmup ? step / warmup : fade);
  const noise = Math.sin(step * 12.9898) * 0.5 + Math.sin(step * 4.1) * 0.5;
  const loss = 0.3 + 3.3 * Math.exp((-5 * step) / steps) * (1 + 0.18 * noise) + 0.05 * Math.abs(noise);
  const eta = step > 5 ? { eta: ((steps - step) * pace) / 1000 } : {};
  return {
    type: "step",
    step,
    loss,
    gradNorm: 0.5 + 2 * loss * (1 + 0.4 * noise),
    lr: rate,
    tokensPerSecond: 1840,
    ...eta,
  };
}

function samplesAt(recipe: Recipe, fraction: number) {
  return recipe.evaluate.samples.map((prompt, index) => {
    const answer = REQUESTS[index % REQUESTS.length]?.[1] ?? "";
    const cut = Math.round(answer.length * Math.min(1, fraction * 1.5));
    return {
      prompt,
      text: fraction === 0 ? "Once there was a little girl who liked the" : answer.slice(0, cut) || "{",
    };
  });
}
