/** Every compared case, fixed ones first, then broken. On narrow screens each row stands as its own block. */
import { useState } from "preact/hooks";
import { CASE_FILTERS, type CaseFilter, caseFilter, kindOf, shownCases } from "@/ui/state/compare";
import type { ComparedCase, Comparison } from "@/worker/api/comparison";

const FIRST = 12;

export function CaseTable({ result }: { result: Comparison }) {
  const [all, setAll] = useState(false);
  const cases = shownCases.value;
  const shown = all ? cases : cases.slice(0, FIRST);
  return (
    <div class="cases">
      <fieldset class="filter">
        <legend class="unseen">Show which cases</legend>
        {CASE_FILTERS.map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="case-filter"
              class="unseen"
              data-testid={`filter-${name.replace(" ", "-")}`}
              checked={caseFilter.value === name}
              onChange={() => {
                caseFilter.value = name;
              }}
            />
            {name} <span class="number">{countOf(result, name)}</span>
          </label>
        ))}
      </fieldset>
      <table>
        <thead>
          <tr>
            <th scope="col">Prompt</th>
            <th scope="col">Expected</th>
            <th scope="col">Base</th>
            <th scope="col">Tuned</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one, index) => (
            <CaseRow key={`${index}:${one.prompt}`} one={one} />
          ))}
        </tbody>
      </table>
      {cases.length === 0 && <p class="soft">No such case.</p>}
      {shown.length < cases.length && (
        <button type="button" class="quiet" onClick={() => setAll(true)}>
          Show all {cases.length}
        </button>
      )}
    </div>
  );
}

function CaseRow({ one }: { one: ComparedCase }) {
  return (
    <tr data-testid="case-row" data-kind={kindOf(one)}>
      <td data-label="Prompt">{one.prompt}</td>
      <td data-label="Expected">{one.expected.trim()}</td>
      <td data-label="Base">
        <Answer text={one.base} passed={one.basePassed} />
      </td>
      <td data-label="Tuned">
        <Answer text={one.tuned} passed={one.tunedPassed} />
      </td>
    </tr>
  );
}

function Answer({ text, passed }: { text: string; passed: boolean }) {
  return (
    <span class={passed ? "answer right" : "answer wrong"}>
      <span class="sign">
        <span aria-hidden="true">{passed ? "✓" : "✗"}</span>
        <span class="unseen">{passed ? "right: " : "wrong: "}</span>
      </span>
      <span class="answer-text">{text.trim() || "(nothing)"}</span>
    </span>
  );
}

function countOf(result: Comparison, filter: CaseFilter): number {
  if (filter === "all") return result.cases.length;
  return result.cases.filter((one) => kindOf(one) === filter).length;
}
