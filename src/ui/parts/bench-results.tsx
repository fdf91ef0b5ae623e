/** What a bench found: ceilings, steps, where their time goes, what choices cost, and how cost grows. */
import { PLOT, placePoints } from "@/bench/growth-svg";
import { AXES, type BenchReport, type GrowthAxis, type GrowthPoint, type StepResult } from "@/bench/report";
import { BenchClaims } from "@/ui/parts/bench-claims";
import { BenchTable } from "@/ui/parts/bench-table";
import { Facts } from "@/ui/parts/facts";
import {
  costSentences,
  figure,
  growthSentence,
  milliseconds,
  shareSentence,
  stepSentence,
} from "@/ui/state/bench-words";
import { bytes, integer, percent } from "@/ui/state/format";

export function BenchResults({ report }: { report: BenchReport }) {
  const { device, ceilings, steps, decodes, growth, skipped } = report;
  const plain = steps.filter(({ variant }) => variant === "");
  const typical = plain.at(-1);
  const axes = (Object.keys(AXES) as GrowthAxis[]).map(
    (axis) => [axis, growth.filter((point) => point.axis === axis)] as const,
  );
  return (
    <>
      {ceilings && (
        <section class="card" aria-labelledby="bench-ceilings" data-testid="bench-ceilings">
          <h2 id="bench-ceilings">What this device can do at most</h2>
          <p class="soft">Our own programs with nothing else to do: every step below is held against this.</p>
          <Facts
            items={[
              ["Device", device.description],
              ["Multiplying matrices", `${figure(ceilings.matmulGflops)} GFLOP/s`],
              ["Reading and writing memory", `${figure(ceilings.copyGBs)} GB/s`],
            ]}
          />
        </section>
      )}
      {steps.length > 0 && (
        <section class="card" aria-labelledby="bench-steps">
          <h2 id="bench-steps">A training step</h2>
          {plain.map((step) => (
            <p key={step.model}>{stepSentence(step)}</p>
          ))}
          <StepTable steps={steps} />
          {costSentences(report).map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </section>
      )}
      {typical && <Shares step={typical} />}
      {decodes.length > 0 && (
        <section class="card" aria-labelledby="bench-decode">
          <h2 id="bench-decode">Writing answers</h2>
          <p class="soft">Many answers at once share every read of the weights.</p>
          <Facts
            items={decodes.map(({ model, sequences, tokensPerSecond }) => [
              `${model}, ${sequences === 1 ? "one answer" : `${sequences} at once`}`,
              `${figure(tokensPerSecond)} tokens/s`,
            ])}
          />
        </section>
      )}
      {axes.some(([, points]) => points.length > 1) && (
        <section class="card" aria-labelledby="bench-growth" data-testid="bench-growth">
          <h2 id="bench-growth">How cost grows</h2>
          <p class="soft">Time of a step when one thing grows. The dashed line is what exact proportion would be.</p>
          <div class="growth">
            {axes.map(([axis, points]) => points.length > 1 && <GrowthPlot key={axis} axis={axis} points={points} />)}
          </div>
        </section>
      )}
      <BenchClaims report={report} />
      {skipped.length > 0 && (
        <section class="card" aria-labelledby="bench-skipped">
          <h2 id="bench-skipped">Left out</h2>
          <ul class="plain-list">
            {skipped.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

const STEP_HEADS = ["Model", "Tokens", "Tokens/s", "Step", "First step", "Of the ceiling", "MFU", "Launches", "Memory"];

function StepTable({ steps }: { steps: readonly StepResult[] }) {
  return (
    <BenchTable label="Steps in numbers" heads={STEP_HEADS} testid="bench-steps">
      {steps.map((step) => (
        <tr key={`${step.model} ${step.variant}`}>
          <th scope="row">
            {step.model}
            <span class="soft">{step.variant || step.weightFormat}</span>
          </th>
          <td>{integer(step.tokens)}</td>
          <td>{figure(step.tokensPerSecond)}</td>
          <td>{milliseconds(step.stepMs)}</td>
          <td>{milliseconds(step.firstStepMs)}</td>
          <td>{percent(step.utilisation)}</td>
          <td>{percent(step.mfu)}</td>
          <td>{integer(step.dispatches)}</td>
          <td>{bytes(step.deviceBytes)}</td>
        </tr>
      ))}
    </BenchTable>
  );
}

const SHOWN = 8;

function Shares({ step }: { step: StepResult }) {
  return (
    <section class="card" aria-labelledby="bench-shares">
      <h2 id="bench-shares">Where a step's time goes</h2>
      <p>
        {step.model}. {shareSentence(step)}
      </p>
      <ul class="shares">
        {step.kernels.slice(0, SHOWN).map(({ kernel, calls, share }) => (
          <li key={kernel}>
            <span class="share-name">
              <code>{kernel}</code> <span class="soft">{integer(calls)} launches</span>
            </span>
            <span class="share-track" aria-hidden="true">
              <span style={{ width: `${Math.max(0.5, 100 * share)}%` }} />
            </span>
            <span class="number">{percent(share)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function GrowthPlot({ axis, points }: { axis: GrowthAxis; points: readonly GrowthPoint[] }) {
  const places = placePoints(points);
  const { title, unit, fixed } = AXES[axis];
  const sentence = growthSentence(points);
  const line = (of: (place: (typeof places)[number]) => number) =>
    places.map((place) => `${place.x},${of(place)}`).join(" ");
  return (
    <figure>
      <figcaption>
        <strong>{title}</strong>{" "}
        <span class="soft">
          ({unit}; {fixed})
        </span>
      </figcaption>
      <svg
        viewBox={`0 ${PLOT.top - 12} ${PLOT.width} ${PLOT.height - PLOT.top + 12}`}
        role="img"
        aria-label={`${title}: ${sentence}`}
      >
        <polyline class="ideal" points={line(({ linear }) => linear)} />
        <polyline class="real" points={line(({ y }) => y)} />
        {places.map(({ x, y }, i) => (
          <g key={points[i]?.value}>
            <circle cx={x} cy={y} r="3.5" />
            <text x={x} y={PLOT.height - 14} text-anchor="middle">
              {points[i]?.value}
            </text>
          </g>
        ))}
        <text x={PLOT.left - 6} y={(places[0]?.y ?? 0) + 4} text-anchor="end">
          {milliseconds(points[0]?.stepMs ?? 0)}
        </text>
        <text x={PLOT.left - 6} y={(places.at(-1)?.y ?? 0) + 4} text-anchor="end">
          {milliseconds(points.at(-1)?.stepMs ?? 0)}
        </text>
      </svg>
      <p class="soft">{sentence}</p>
    </figure>
  );
}
