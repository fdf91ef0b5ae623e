/** What the run will take, by kind, against what the device gives: known before anything is allocated. */
import { bytes, percent } from "@/ui/state/format";
import type { MemoryPlan } from "@/worker/api/device";

export function MemoryBar({ plan }: { plan: MemoryPlan }) {
  const whole = Math.max(plan.total, 1);
  const label = `Memory: ${bytes(plan.total)} of ${bytes(plan.budget)}. ${plan.fits ? "It fits." : "It does not fit."}`;
  return (
    <figure class="memory" data-fits={plan.fits} data-testid="memory-plan">
      <figcaption>
        <strong>Memory {bytes(plan.total)}</strong>{" "}
        <span class="soft">
          of {bytes(plan.budget)} (
          {plan.total < plan.budget / 100 ? "under 1\u00a0%" : percent(plan.total / plan.budget)})
        </span>
        <span class={plan.fits ? "badge good" : "badge bad"}>{plan.fits ? "✓ fits" : "✗ does not fit"}</span>
      </figcaption>
      <div class="memory-bar" role="img" aria-label={label}>
        {plan.lines.map((line, index) => (
          <span key={line.name} data-tone={index % 6} style={{ flexGrow: line.bytes / whole }} />
        ))}
      </div>
      <ul class="memory-legend">
        {plan.lines.map((line, index) => (
          <li key={line.name}>
            <span class="swatch" data-tone={index % 6} aria-hidden="true" />
            {line.name} <span class="number soft">{bytes(line.bytes)}</span>
          </li>
        ))}
      </ul>
      {plan.advice && (
        <p class={plan.fits ? "soft" : "wrong"}>
          {plan.reason} {plan.advice}
        </p>
      )}
    </figure>
  );
}
