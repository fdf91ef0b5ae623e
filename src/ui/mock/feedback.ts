/** What runs by preference and by reward report, for the mock session. */
type Feedback = { readonly loss?: number; readonly scalars?: Readonly<Record<string, number>> };

/** Of a step: its scalars, and a loss where the method has one of its own. */
export function mockFeedback(scenario: string, step: number, steps: number): Feedback {
  const done = 1 - Math.exp((-4 * step) / steps);
  const noise = 0.5 * Math.sin(step * 12.9898) + 0.5 * Math.sin(step * 4.1);
  if (scenario === "dpo") return preference(done, noise);
  if (scenario === "grpo") return { loss: 0.02 * noise, scalars: rewards(done, noise) };
  return {};
}

/** On held-out rows; by reward there is no loss without sampling. */
export function mockHeldOut(scenario: string, step: number, steps: number, loss: number): Feedback {
  const done = 1 - Math.exp((-4 * step) / steps);
  if (scenario === "dpo") return preference(done, 0);
  return scenario === "grpo" ? { scalars: { reward: 0.95 * done } } : { loss };
}

function preference(done: number, noise: number): Feedback {
  const chosen = 1.2 * done + 0.1 * noise * done;
  const rejected = -1.6 * done + 0.2 * noise * done;
  const scalars = {
    "rewards/accuracies": Math.min(1, (0.95 + 0.1 * noise) * Math.min(1, 3 * done)),
    "rewards/margins": chosen - rejected,
    "rewards/chosen": chosen,
    "rewards/rejected": rejected,
    "logps/chosen": -30 + chosen,
    "logps/rejected": -30 + rejected,
  };
  return { loss: Math.log1p(Math.exp(rejected - chosen)), scalars };
}

const rewards = (done: number, noise: number) => ({
  reward: Math.min(1, Math.max(0, 0.95 * done + 0.08 * noise)),
  reward_std: 0.45 * Math.sqrt(Math.max(0, done * (1 - done)) * 4) + 0.03 * Math.abs(noise),
  frac_reward_zero_std: Math.min(1, Math.max(0, 1 - 4 * done * (1 - done) + 0.1 * noise)),
  "completions/mean_length": 34 - 12 * done + 2 * noise,
  "completions/clipped_ratio": Math.max(0, 0.4 * (1 - done) + 0.05 * noise),
});
