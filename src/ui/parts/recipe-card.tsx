/** Step 3: the recipe as a form, what it takes in memory, and a link that carries it. */
import { useState } from "preact/hooks";
import { PROJECTIONS } from "@/train/recipe";
import { Card } from "@/ui/parts/card";
import { FieldRow, TargetsField } from "@/ui/parts/field";
import { StoppedBy } from "@/ui/parts/findings";
import { MemoryBar } from "@/ui/parts/memory-bar";
import { ProbeNote } from "@/ui/parts/probe-note";
import { probe, probeReport, stopping } from "@/ui/state/check";
import { activity, idle } from "@/ui/state/core";
import { dataset } from "@/ui/state/dataset";
import { learningRate } from "@/ui/state/format";
import { model } from "@/ui/state/model";
import { plan } from "@/ui/state/plan";
import { draft, faultOf, linked, recipe } from "@/ui/state/recipe";
import { isFor, MAIN_FIELDS, MORE_FIELDS } from "@/ui/state/recipe-fields";
import { recipeToHash } from "@/ui/state/recipe-link";
import { runLog, runResult, train } from "@/ui/state/run";

export function RecipeCard() {
  const wanted = recipe.value;
  const ready = model.value !== null && dataset.value !== null;
  const probed = runLog.value?.probe ?? probeReport.value;
  const locked = activity.value === "run";
  const rate = wanted ? learningRate(wanted.optimizer.learningRate) : "";
  const { trains } = draft.value;
  const learns = wanted?.trains === "full" ? "all weights" : `rank ${wanted?.lora.rank}`;
  const summary = wanted ? `${wanted.schedule.steps} steps at ${rate}, ${learns}` : "needs correcting";
  return (
    <Card place="recipe" step="3" title="Recipe" summary={summary} done={runResult.value !== null}>
      {linked.value && (
        <p class="panel note" data-testid="linked-recipe">
          This recipe came with the link: {linked.value.data.train.replace("bundled:", "")} on{" "}
          {linked.value.model.replace("bundled:", "")}. Nothing starts until you say so.
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && wanted && idle.value) void train();
        }}
      >
        <div class="fields">
          {MAIN_FIELDS.filter((field) => isFor(field, draft.value)).map((field) => (
            <FieldRow key={field.path} field={field} disabled={locked} />
          ))}
        </div>
        <details class="more">
          <summary>More settings</summary>
          <div class="fields">
            {MORE_FIELDS.filter((field) => isFor(field, draft.value)).map((field) => (
              <FieldRow key={field.path} field={field} disabled={locked} />
            ))}
          </div>
          {trains === "lora" && <TargetsField all={PROJECTIONS} disabled={locked} />}
        </details>
        <div class="actions spread">
          <button
            type="submit"
            class="primary"
            data-testid="start-training"
            disabled={!ready || wanted === null || !idle.value}
          >
            Start training
          </button>
          {wanted?.method === "sft" && (
            <button
              type="button"
              class="quiet"
              data-testid="probe-run"
              disabled={!ready || !idle.value}
              onClick={() => void probe()}
            >
              {activity.value === "recipe" ? "Trying…" : "Try 1 % first"}
            </button>
          )}
          {!ready && <span class="soft">Needs a model and data first.</span>}
          <ShareLink />
        </div>
        {wanted === null && <Faults />}
        {ready && <StoppedBy findings={stopping.value} testid="stopped-by" />}
        {probed && <ProbeNote report={probed} />}
        {/* Behind the button: the bar comes and goes, and must not move what is being pressed. */}
        {plan.value && <MemoryBar plan={plan.value} />}
      </form>
    </Card>
  );
}

/** Also of fields that are folded away, or that the method hides. */
function Faults() {
  const wrong = [...MAIN_FIELDS, ...MORE_FIELDS].flatMap(({ path, label }) => {
    const fault = faultOf(path);
    return fault === undefined ? [] : `${label}: ${fault}`;
  });
  if (wrong.length === 0) return null;
  return (
    <p class="panel note" data-testid="recipe-faults">
      {wrong.join(" ")}
    </p>
  );
}

function ShareLink() {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    const link = `${location.href.split("#")[0]}${recipeToHash(draft.value)}`;
    history.replaceState(null, "", link);
    try {
      await navigator.clipboard.writeText(link);
      setCopied(true);
      setTimeout(() => setCopied(false), 2500);
    } catch {
      // Without the right to the clipboard the link still stands in the address bar.
      setCopied(true);
    }
  };
  return (
    <button type="button" class="quiet end" data-testid="share-link" disabled={recipe.value === null} onClick={copy}>
      <span aria-live="polite">{copied ? "Link copied" : "Copy link to this recipe"}</span>
    </button>
  );
}
