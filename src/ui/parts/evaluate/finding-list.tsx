/** What the check of a skill found. Its words are text. */
import type { Finding } from "@/skill/finding";

const WORDS = { error: "Error", warning: "Warning", note: "Note" };

export function FindingList({ found, testid }: { found: readonly Finding[]; testid: string }) {
  return (
    <ul class="skill-findings" data-testid={testid}>
      {found.map((one, i) => (
        <li key={i} data-severity={one.severity}>
          <strong>{WORDS[one.severity]}</strong> {one.message}{" "}
          <span class="soft">
            {one.file}
            {one.line > 0 && `, line ${one.line}`}
          </span>
          {one.text && <code>{one.text}</code>}
        </li>
      ))}
    </ul>
  );
}
