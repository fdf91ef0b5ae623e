/** What leaving out each part of a skill did, as a report holds it; measured by `skill/ablate.ts`. */
import type { Interval } from "@/worker/api/comparison";

export interface PartEffect {
  readonly name: string;
  readonly text: string;
  /** Lines of SKILL.md, from 1, the last one included. */
  readonly lines: readonly [number, number];
  /** Pass rate with it minus without it. */
  readonly effect: number;
  readonly interval: Interval;
  readonly pValue: number;
  /** Adjusted for all parts. */
  readonly pHolm: number;
  readonly verdict: "helps" | "hurts" | "cannot tell";
  /** Cases; pairs of answers; pairs without an answer on one side. */
  readonly cases: number;
  readonly pairs: number;
  readonly unanswered: number;
  /** Passed only with it, only without it. */
  readonly gained: number;
  readonly lost: number;
  readonly sentence: string;
}

export interface Ablation {
  readonly parts: readonly PartEffect[];
  readonly calls: number;
  readonly notes: readonly string[];
}
