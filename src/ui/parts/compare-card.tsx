/** Step 5: did it help? The verdict first, then the two rates with their doubt, then every case. */
import { Card } from "@/ui/parts/card";
import { CaseTable } from "@/ui/parts/case-table";
import { Progress } from "@/ui/parts/progress";
import { DifferenceBar, RateBar } from "@/ui/parts/rate-bars";
import { adapter } from "@/ui/state/adapter";
import { compare, compareProgress, comparison } from "@/ui/state/compare";
import { activity, idle } from "@/ui/state/core";
import { dataset } from "@/ui/state/dataset";
import { pValue } from "@/ui/state/format";
import type { Comparison } from "@/worker/api/comparison";

const HEADLINES = {
  better: "It helped",
  worse: "It made things worse",
  inconclusive: "No difference shown",
  "too-few": "Too few cases to tell",
};

export function CompareCard() {
  const result = comparison.value;
  const summary = result ? HEADLINES[result.verdict] : undefined;
  const waitsFor = adapter.value === null || dataset.value === null ? "Train an adapter, or load one, first." : null;
  return (
    <Card place="compare" step="5" title="Did it help?" summary={summary} done={result !== null} waitsFor={waitsFor}>
      <CompareStart again={result !== null} />
      {result && <Verdict result={result} />}
    </Card>
  );
}

function CompareStart({ again }: { again: boolean }) {
  const going = compareProgress.value;
  if (activity.value === "compare") {
    const arm = going?.arm === "tuned" ? "tuned model" : "base model";
    const done = going ? (going.done / Math.max(1, going.total) + (going.arm === "tuned" ? 1 : 0)) / 2 : null;
    return <Progress label={`Held-out cases, answered by the ${arm}`} fraction={done} />;
  }
  return (
    <div class="actions">
      <button
        type="button"
        class={again ? "quiet" : "primary"}
        data-testid="compare"
        disabled={!idle.value}
        onClick={() => void compare()}
      >
        {again ? "Compare again" : "Compare base and tuned"}
      </button>
      {!again && <span class="soft">Both answer the same held-out cases, none of which was trained on.</span>}
    </div>
  );
}

function Verdict({ result }: { result: Comparison }) {
  const { base, tuned, n, fixed, broken } = result;
  return (
    <div class="verdict" data-verdict={result.verdict}>
      <p class="verdict-sentence" data-testid="verdict" data-verdict={result.verdict}>
        {result.sentence}
      </p>
      <RateBar label="Base" arm={base} n={n} tone="base" testid="base-rate" />
      <RateBar label="Tuned" arm={tuned} n={n} tone="tuned" testid="tuned-rate" />
      <DifferenceBar difference={result.difference} interval={result.differenceInterval} />
      <p class="soft verdict-notes">
        <span data-testid="fixed-count">{fixed} fixed</span>, <span data-testid="broken-count">{broken} broken</span> of{" "}
        {n} held-out cases. {pValue(result.pValue)} (McNemar, paired). Whiskers are 95 % intervals.
      </p>
      <CaseTable result={result} />
    </div>
  );
}
