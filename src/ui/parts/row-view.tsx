/** One row as the model will see it, whole: what teaches, what is only read, what lies behind the cut. By number or by turns. */
import { Tokens } from "@/ui/parts/mask-view";
import { dataReport, rowView, showRow } from "@/ui/state/check";
import { integer, percent } from "@/ui/state/format";

export function RowViewer() {
  const row = rowView.value;
  if (row === null) return null;
  const { at, total, line, held, sequences } = row;
  const sum = (of: "tokens" | "kept" | "trained") => sequences.reduce((all, sequence) => all + sequence[of], 0);
  const [tokens, kept, trained] = [sum("tokens"), sum("kept"), sum("trained")];
  const first = dataReport.value?.findings.find(({ rows }) => rows.length > 0)?.rows[0];
  return (
    <figure class="mask" data-testid="row-view">
      <figcaption>
        <p>
          <strong>Row {integer(at + 1)}</strong>{" "}
          <span class="soft">
            of {integer(total)} · line {integer(line)}
            {held ? ", held out" : ""} · {integer(tokens)} tokens
            {tokens > kept ? `, ${integer(tokens - kept)} cut` : ""} · {percent(trained / Math.max(1, kept))} teach
          </span>
        </p>
        <div class="row-steps">
          <button type="button" class="quiet" disabled={at === 0} onClick={() => void showRow(at - 1)}>
            Previous
          </button>
          <button
            type="button"
            class="quiet"
            data-testid="next-row"
            disabled={at + 1 >= total}
            onClick={() => void showRow(at + 1)}
          >
            Next
          </button>
          <label>
            <span class="soft">Row</span>{" "}
            <input
              type="number"
              min={1}
              max={total}
              value={at + 1}
              data-testid="row-number"
              onChange={({ currentTarget: { valueAsNumber: wanted } }) => {
                if (wanted >= 1 && wanted <= total) void showRow(wanted - 1);
              }}
            />
          </label>
          {first !== undefined && (
            <button
              type="button"
              class="quiet"
              data-testid="first-finding"
              onClick={() => void showRow({ line: first, held: false })}
            >
              First with a finding
            </button>
          )}
        </div>
      </figcaption>
      <div class="mask-rows">
        {sequences.map(({ label, spans }) => (
          <div key={label} class="mask-row">
            {label && <strong class="mask-label">{label}</strong>}
            <Tokens spans={spans} />
          </div>
        ))}
      </div>
    </figure>
  );
}
