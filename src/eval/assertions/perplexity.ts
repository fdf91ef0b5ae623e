/** exp(−mean log p of the answer's tokens), at most `threshold`. */
import { type AnswerContext, type Assertion, type Grade, graded } from "./assertion";

export function perplexity(_output: string, { threshold }: Assertion, { likelihood }: AnswerContext): Grade {
  if (!likelihood || likelihood.tokens === 0) return graded(false, "There are no log-probabilities to judge by.");
  const value = Math.exp(-likelihood.logprob / likelihood.tokens);
  if (threshold === undefined) return graded(true, `Perplexity ${value.toFixed(3)}.`);
  return graded(value <= threshold, `Perplexity ${value.toFixed(3)}, ${threshold} allowed.`);
}
