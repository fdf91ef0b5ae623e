/** What reading found about the file as a whole: what a trainer would do with its columns, and the click that mends it. */
import { idle } from "@/ui/state/core";
import { applyFix } from "@/ui/state/data-input";
import { integer, plural } from "@/ui/state/format";
import type { Finding } from "@/worker/api/data";

const WORDS: Readonly<Record<Finding["severity"], string>> = { red: "Stops", amber: "Look", note: "Note" };

export function DataFindings({ findings }: { findings: readonly Finding[] }) {
  if (findings.length === 0) return null;
  return (
    <ul class="findings" data-testid="data-findings">
      {findings.map((finding) => (
        <li key={`${finding.gate}:${finding.message}`} class="panel note" data-severity={finding.severity}>
          <div>
            <p>
              <strong>{WORDS[finding.severity]}.</strong> {finding.message}
            </p>
            <p class="soft">
              {finding.why}
              {finding.count > 0
                ? ` ${plural(finding.count, "row")}; lines ${finding.rows.slice(0, 8).map(integer).join(", ")}${finding.count > 8 ? ", …" : ""}.`
                : ""}
            </p>
            {finding.fix && (
              <button
                type="button"
                class="quiet"
                data-testid={`fix-${finding.gate}`}
                disabled={!idle.value}
                onClick={() => finding.fix && void applyFix(finding.fix)}
              >
                {finding.fix.label}
              </button>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}
