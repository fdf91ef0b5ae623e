/** How long the rows are, where the cut falls, and the length that would cut no more than 1 % of them. */
import { dataReport } from "@/ui/state/check";
import { idle } from "@/ui/state/core";
import { bytes, integer } from "@/ui/state/format";
import { setField } from "@/ui/state/recipe";

export function LengthHistogram() {
  const lengths = dataReport.value?.lengths ?? null;
  if (lengths === null) return null;
  const { bins, p50, p90, p99, longest, limit, suggested, memory } = lengths;
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const words = `Half of the rows have up to ${p50} tokens, 90 % up to ${p90}, 99 % up to ${p99}; the longest has ${longest}.`;
  return (
    <figure class="lengths" data-testid="lengths">
      <figcaption>
        <strong>Tokens a row</strong> <span class="soft">{words}</span>
      </figcaption>
      <div class="length-bars" role="img" aria-label={words}>
        {bins.map(({ from, to, count }) => (
          <span
            key={from}
            data-cut={from >= limit}
            title={`${integer(from)} to ${integer(to)} tokens: ${integer(count)}`}
            style={{ height: `${count === 0 ? 0 : Math.max(3, (100 * count) / most)}%` }}
          />
        ))}
      </div>
      <p class="length-scale soft number" aria-hidden="true">
        <span>{integer(bins[0]?.from ?? 0)}</span>
        <span>{integer(longest)}</span>
      </p>
      <p class="soft">
        A longest length of {integer(suggested)} cuts 1 % at most and takes {bytes(memory)} with full batches; it is set
        to {integer(limit)}.{" "}
        {suggested !== limit && (
          <button
            type="button"
            class="link"
            data-testid="use-suggested"
            disabled={!idle.value}
            onClick={() => setField("data.maxLength", suggested)}
          >
            Set it to {integer(suggested)}
          </button>
        )}
      </p>
    </figure>
  );
}
