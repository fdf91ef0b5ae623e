/**
 * How long and how dear a run would be on rented hardware, as an interval from stated assumptions, never a promise:
 *
 *   seconds = tokens · 6N / (peak · utilisation) + start-up         6N = 2N forward + 2N backward to activations + 2N again
 *                                                                   for gradient checkpointing; LoRA's own share is small
 *
 * utilisation 5 % (small model, short rows) to 40 % (well fed), start-up 1 to 4 minutes. Peaks are the makers' dense
 * figures at 16 bits; prices are those of Hugging Face Jobs in 2026, by the hour.
 */
export interface CloudEstimate {
  readonly hardware: string;
  readonly seconds: { readonly low: number; readonly high: number };
  readonly dollars: { readonly low: number; readonly high: number };
}

const HARDWARE = [
  { hardware: "t4-small", peak: 65e12, dollarsPerHour: 0.4 },
  { hardware: "l4x1", peak: 121e12, dollarsPerHour: 0.8 },
  { hardware: "a10g-small", peak: 70e12, dollarsPerHour: 1 },
  { hardware: "a100-large", peak: 312e12, dollarsPerHour: 2.5 },
] as const;
const UTILISATION = { low: 0.05, high: 0.4 };
const START_UP = { low: 60, high: 240 };

/** `parameters` of the base, `tokens` of the whole run. */
export function cloudEstimates(parameters: number, tokens: number): CloudEstimate[] {
  const work = 6 * parameters * tokens;
  return HARDWARE.map(({ hardware, peak, dollarsPerHour }) => {
    const low = work / (peak * UTILISATION.high) + START_UP.low;
    const high = work / (peak * UTILISATION.low) + START_UP.high;
    const price = dollarsPerHour / 3600;
    return { hardware, seconds: { low, high }, dollars: { low: low * price, high: high * price } };
  });
}
