/** What the gates found: a calm list, red first; each with its rows, its fix, and for red ones the way to go on regardless. */
import { idle } from "@/ui/state/core";
import { integer, plural } from "@/ui/state/format";
import { recipe } from "@/ui/state/recipe";
import type { DataFix, Finding, RowPlace } from "@/worker/api/data";

const SHOWN = 8;

interface FindingActions {
  readonly onAccept: (gate: string) => void;
  readonly onFix: (fix: DataFix) => void;
  /** Where a row can be looked at. */
  readonly onRow?: (place: RowPlace) => void;
}

interface FindingsProps extends FindingActions {
  readonly findings: readonly Finding[];
  /** Looked at. */
  readonly rows: number;
}

export function Findings({ findings, rows, ...actions }: FindingsProps) {
  if (findings.length === 0) {
    return (
      <p class="soft" data-testid="findings-none">
        ✓ {plural(rows, "row")} checked: nothing that would spoil a run.
      </p>
    );
  }
  return (
    <section class="findings" data-testid="findings" aria-label="What the checks found">
      <ul>
        {findings.map((finding, index) => (
          <FindingItem key={`${finding.gate}.${index}`} finding={finding} {...actions} />
        ))}
      </ul>
    </section>
  );
}

const BADGES = { red: ["badge bad", "stops a run"], amber: ["badge", "look at it"], note: ["badge", "note"] } as const;

/** Says which of them still stop a run; nothing when none does. */
export function StoppedBy({ findings, testid }: { findings: readonly Finding[]; testid: string }) {
  if (findings.length === 0) return null;
  return (
    <p class="panel note" data-testid={testid}>
      {findings.map(({ title, gate }) => title ?? gate).join(", ")}: this stops the run until the rows are corrected or
      it is accepted under Data.
    </p>
  );
}

function FindingItem({ finding, onAccept, onFix, onRow }: FindingActions & { finding: Finding }) {
  const { gate, title, severity, message, why, fix } = finding;
  const accepted = recipe.value?.data.accept.includes(gate) ?? false;
  const [badge, words] = accepted ? (["badge", "accepted"] as const) : BADGES[severity];
  return (
    <li class="finding" data-severity={severity} data-testid={`finding-${gate}`}>
      <p>
        <strong>{title ?? gate}</strong> <span class={badge}>{words}</span>
      </p>
      <p>{message}</p>
      <p class="soft">{why}</p>
      <FindingRows finding={finding} onRow={onRow} />
      <div class="actions">
        {fix && (
          <button
            type="button"
            class="quiet"
            data-testid={`fix-${gate}`}
            disabled={!idle.value}
            onClick={() => onFix(fix)}
          >
            {fix.label}
          </button>
        )}
        {severity === "red" && (
          <button
            type="button"
            class="quiet"
            data-testid={`accept-${gate}`}
            aria-pressed={accepted}
            disabled={!idle.value}
            onClick={() => onAccept(gate)}
          >
            {accepted ? "Do not accept it" : "Accept it as it is"}
          </button>
        )}
      </div>
    </li>
  );
}

interface FindingRowsProps {
  readonly finding: Finding;
  readonly onRow: FindingActions["onRow"];
}

function FindingRows({ finding: { rows, heldRows = [], count }, onRow }: FindingRowsProps) {
  const places = [
    ...rows.map((line) => ({ line, held: false })),
    ...heldRows.map((line) => ({ line, held: true })),
  ].slice(0, SHOWN);
  if (places.length === 0) return null;
  return (
    <p class="finding-rows">
      <span class="soft">Lines</span>
      {places.map((place) => {
        const key = `${place.held}.${place.line}`;
        const words = `${integer(place.line)}${place.held ? " (held out)" : ""}`;
        if (onRow === undefined)
          return (
            <span key={key} class="number">
              {words}
            </span>
          );
        return (
          <button key={key} type="button" class="link number" onClick={() => onRow(place)}>
            {words}
          </button>
        );
      })}
      {count > places.length && <span class="soft">and {integer(count - places.length)} more</span>}
    </p>
  );
}
