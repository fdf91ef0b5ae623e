/** How much there is to learn from, how often it is seen, and whether the base model knows it already. */
import { type Gate, percent, rowsWord } from "./gate";

const FEW = 50;
const MANY_EPOCHS = 10;

export const tooFew: Gate = {
  name: "too-few-rows",
  title: "Few rows",
  why: "With so few rows an adapter learns the rows themselves and little of the task. Fifty and more of varied ones are a start.",
  check(rows) {
    const train = rows.filter(({ held }) => !held).length;
    if (train >= FEW || train === 0) return [];
    return [{ severity: "amber", rows: [], message: `There are only ${rowsWord(train)} to train on.` }];
  },
};

export const tooManyEpochs: Gate = {
  name: "too-many-epochs",
  title: "Each row very often",
  why: "After a few rounds the loss falls because rows are remembered, and the held-out loss rises. Take fewer steps or more rows.",
  check(rows, { recipe }) {
    const train = rows.filter(({ held }) => !held).length;
    const { schedule, batch } = recipe;
    const epochs = (schedule.steps * batch.size * batch.accumulate) / Math.max(1, train);
    if (epochs <= MANY_EPOCHS || train === 0) return [];
    const message = `The run sees each of ${rowsWord(train)} ${Math.round(epochs)} times.`;
    return [{ severity: "amber", rows: [], message }];
  },
};

const KNOWN_EXACT = 0.8;
/** Nats a token: e^-0.1 is a probability of 90 %. */
const KNOWN_NLL = 0.1;

export const alreadyKnown: Gate = {
  name: "already-known",
  title: "The base model knows it",
  why: "The model gives these answers without any training, so there is nothing to gain and something to lose. Take harder rows, or no training at all.",
  check(_, { base }) {
    if (!base || base.rows === 0 || (base.exact < KNOWN_EXACT && base.nll > KNOWN_NLL)) return [];
    const message = `Of ${base.rows} answers, the base model writes ${percent(base.exact)} to the letter; its loss on them is ${base.nll.toFixed(2)}.`;
    return [{ severity: "amber", rows: [], message }];
  },
};
