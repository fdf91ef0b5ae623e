/** A table of the bench, which scrolls sideways on a narrow page. */
import type { ComponentChildren } from "preact";

interface Props {
  readonly label: string;
  readonly heads: readonly string[];
  /** Besides the bench's own. */
  readonly look?: string;
  readonly testid?: string;
  /** Rows. */
  readonly children: ComponentChildren;
}

export function BenchTable({ label, heads, look = "", testid, children }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard
    <section class="wide" aria-label={label} tabIndex={0}>
      <table class={`bench-table ${look}`} data-testid={testid}>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
