/** What the gates found: a calm list, red first; each with its rows, its fix, and for red ones the way to go on regardless. */
import { acceptFinding, dataReport, showRow } from "@/ui/state/check";
import { idle } from "@/ui/state/core";
import { applyFix } from "@/ui/state/data-input";
import { integer, plural } from "@/ui/state/format";
import { recipe } from "@/ui/state/recipe";
import type { Finding } from "@/worker/api/data";

const SHOWN = 8;

export function Findings() {
  const report = dataReport.value;
  if (report === null) return null;
  const { findings, rows } = report;
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
          <FindingItem key={`${finding.gate}.${index}`} finding={finding} />
        ))}
      </ul>
    </section>
  );
}

const BADGES = { red: ["badge bad", "stops a run"], amber: ["badge", "look at it"], note: ["badge", "note"] } as const;

function FindingItem({ finding }: { finding: Finding }) {
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
      <FindingRows finding={finding} />
      <div class="actions">
        {fix && (
          <button
            type="button"
            class="quiet"
            data-testid={`fix-${gate}`}
            disabled={!idle.value}
            onClick={() => void applyFix(fix)}
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
            onClick={() => acceptFinding(gate)}
          >
            {accepted ? "Do not accept it" : "Accept it as it is"}
          </button>
        )}
      </div>
    </li>
  );
}

function FindingRows({ finding: { rows, heldRows = [], count } }: { finding: Finding }) {
  const places = [
    ...rows.map((line) => ({ line, held: false })),
    ...heldRows.map((line) => ({ line, held: true })),
  ].slice(0, SHOWN);
  if (places.length === 0) return null;
  return (
    <p class="finding-rows">
      <span class="soft">Lines</span>
      {places.map((place) => (
        <button
          key={`${place.held}.${place.line}`}
          type="button"
          class="link number"
          onClick={() => void showRow(place)}
        >
          {integer(place.line)}
          {place.held ? " (held out)" : ""}
        </button>
      ))}
      {count > places.length && <span class="soft">and {integer(count - places.length)} more</span>}
    </p>
  );
}
