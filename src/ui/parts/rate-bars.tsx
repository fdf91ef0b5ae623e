/**
 * A pass rate and a difference of two, each with its 95 % interval drawn as a whisker: a bar without its doubt would
 * claim more than was measured. Positions are percentages, so the drawing follows any width.
 */
import { percent, signedPoints } from "@/ui/state/format";
import type { ArmScore, Interval } from "@/worker/api/comparison";

interface RateBarProps {
  readonly label: string;
  readonly arm: ArmScore;
  readonly n: number;
  readonly tone: "base" | "tuned";
  readonly testid: string;
}

export function RateBar({ label, arm, n, tone, testid }: RateBarProps) {
  const { low, high } = arm.interval;
  const words = `${label}: ${arm.passed} of ${n} right, ${percent(arm.rate)}, 95 % interval ${percent(low)} to ${percent(high)}`;
  return (
    <div class="rate-row" data-tone={tone}>
      <span class="rate-label">{label}</span>
      <svg class="rate-track" width="100%" height="30" role="img" aria-label={words}>
        <rect class="track" width="100%" height="30" rx="6" />
        <rect class="fill" width={cent(arm.rate)} height="30" rx="6" />
        <Whisker interval={arm.interval} place={(value) => value} />
      </svg>
      <span class="rate-value number">
        <strong data-testid={testid}>{percent(arm.rate)}</strong>{" "}
        <span class="soft">
          {arm.passed}/{n}
        </span>
      </span>
    </div>
  );
}

/** Zero stands in the middle: -100 points on the left, +100 on the right. */
export function DifferenceBar({ difference, interval }: { difference: number; interval: Interval }) {
  const place = (value: number) => (value + 1) / 2;
  const range = `${signedPoints(interval.low)} to ${signedPoints(interval.high)}`;
  return (
    <div class="rate-row difference">
      <span class="rate-label">Change</span>
      <svg
        class="rate-track"
        width="100%"
        height="30"
        role="img"
        aria-label={`Change ${signedPoints(difference)} points, 95 % interval ${range}`}
      >
        <line class="zero-line" x1="0" x2="100%" y1="15" y2="15" />
        <line class="zero" x1="50%" x2="50%" y1="2" y2="28" />
        <Whisker interval={interval} place={place} />
        <circle class="dot" cx={cent(place(difference))} cy="15" r="6" />
      </svg>
      <span class="rate-value number">
        <strong data-testid="difference">{signedPoints(difference)}</strong> <span class="soft">points</span>
        <span class="soft range">{range}</span>
      </span>
    </div>
  );
}

function Whisker({ interval, place }: { interval: Interval; place: (value: number) => number }) {
  const low = cent(place(interval.low));
  const high = cent(place(interval.high));
  return (
    <g class="whisker">
      <line x1={low} x2={high} y1="15" y2="15" />
      <line x1={low} x2={low} y1="9" y2="21" />
      <line x1={high} x2={high} y1="9" y2="21" />
    </g>
  );
}

function cent(share: number): string {
  return `${(Math.min(1, Math.max(0, share)) * 100).toFixed(2)}%`;
}
