/** Which column is which, by hand, beside the first rows of the file. What is chosen lives in the recipe. */
import { idle } from "@/ui/state/core";
import { applyMapping, look, mapColumn, mapping } from "@/ui/state/data-input";
import { refused } from "@/ui/state/dataset";

const NAMES = ["prompt", "completion", "messages", "text", "chosen", "rejected", "label", "tools"] as const;
const SHOWN = 3;

export function ColumnMap() {
  const held = look.value;
  if (!held || held.columns.length === 0) return null;
  const columns = held.columns.slice(0, 50);
  return (
    <details class="columns" open={refused.value !== null} data-testid="column-map">
      <summary>Which column is which</summary>
      <div class="column-choices">
        {NAMES.map((name) => (
          <label key={name}>
            {name}
            <select
              value={mapping.value[name] ?? ""}
              disabled={!idle.value}
              data-testid={`column-${name}`}
              onChange={(event) => mapColumn(name, event.currentTarget.value)}
            >
              <option value="">as named</option>
              {columns.map((column) => (
                <option key={column} value={column}>
                  {column}
                </option>
              ))}
            </select>
          </label>
        ))}
      </div>
      <p class="help">Once one is chosen, only the chosen columns are read.</p>
      <button
        type="button"
        class="quiet"
        disabled={!idle.value}
        data-testid="column-apply"
        onClick={() => void applyMapping()}
      >
        Read again
      </button>
      <div class="column-preview">
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column}>{column}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {held.sample.slice(0, SHOWN).map((row) => (
              <tr key={JSON.stringify(row)}>
                {columns.map((column) => (
                  <td key={column}>{row[column] ?? ""}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
