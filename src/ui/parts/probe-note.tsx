/** What the probe of a run said: go or no go in one sentence, and what the run would take here and on rented hardware. */
import { duration, integer } from "@/ui/state/format";
import type { ProbeReport } from "@/worker/api/probe";

export function ProbeNote({ report }: { report: ProbeReport }) {
  const { ok, sentence, tokensPerSecond, cloud, pricesOf, loss, spent } = report;
  const span = ({ low, high }: { low: number; high: number }) => `${duration(low)} to ${duration(high)}`;
  const dollars = ({ low, high }: { low: number; high: number }) => `$${low.toFixed(2)} to $${high.toFixed(2)}`;
  return (
    <div class="panel note" data-testid="probe" data-ok={ok}>
      <div>
        <p>
          <strong>{sentence}</strong>
        </p>
        <p class="soft">
          First loss {loss.first.toFixed(4)}, the base model's {loss.base.toFixed(4)}; {integer(tokensPerSecond.low)} to{" "}
          {integer(tokensPerSecond.high)} tokens a second; the probe took {duration(spent)} and left nothing behind.
        </p>
        <details>
          <summary>On rented hardware, by formula</summary>
          <ul>
            {cloud.map(({ hardware, seconds, dollars: price }) => (
              <li key={hardware}>
                {hardware}: {span(seconds)}, {dollars(price)}
              </li>
            ))}
          </ul>
          <p class="soft">The plan's formulas, at prices of {pricesOf}. Estimates, not measurements.</p>
        </details>
      </div>
    </div>
  );
}
