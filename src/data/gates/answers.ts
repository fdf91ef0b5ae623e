/** What the answers are like as a whole: two for one question, one for all, or none. */
import { type Gate, type GateRow, percent, quote, rowsDo, severityOf } from "./gate";

/** Answers of at most so many words are labels: there is one right one. */
const LABEL_WORDS = 6;
const SUPERVISED = new Set(["completion", "chat", "messages"]);

const asks = (row: GateRow) => SUPERVISED.has(row.row.kind) && row.prompt.trim() !== "";
const wordCount = (text: string) => text.split(/\s+/, LABEL_WORDS + 2).filter((word) => word !== "").length;

export const contradictions: Gate = {
  name: "contradictions",
  title: "One question, two answers",
  why: "Where the same question has different answers, training pulls both ways and the loss stays high. Keep the right one; for open questions several may be meant.",
  check(rows) {
    const found: number[] = [];
    for (const indices of byQuestion(rows).values()) {
      if (new Set(indices.map((i) => rows[i]?.answerHash)).size > 1) found.push(...indices);
    }
    if (found.length === 0) return [];
    found.sort((a, b) => a - b);
    const total = rows.filter((row) => !row.held).length;
    const labels = found.filter((i) => wordCount(rows[i]?.answer ?? "") <= LABEL_WORDS).length;
    const severity = 2 * labels > found.length ? severityOf(found.length, total) : "amber";
    const example = rows[found[0] ?? 0];
    const message = `${rowsDo(found.length, "answers", "answer")} a question that another row answers differently, such as ${quote(example?.prompt ?? "")}.`;
    return [{ severity, rows: found, message }];
  },
};

function byQuestion(rows: readonly GateRow[]): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  rows.forEach((row, i) => {
    if (row.held || !asks(row)) return;
    const group = groups.get(row.promptHash);
    if (group) group.push(i);
    else groups.set(row.promptHash, [i]);
  });
  return groups;
}

/** One answer for so many of the rows is a habit, not a task; labels that should differ are worse off sooner. */
const MAJORITY = 0.6;
const ALL = 0.9;
const REPEATED = 0.2;

export const imbalance: Gate = {
  name: "imbalance",
  title: "One answer for most",
  why: "A model that always gives the commonest answer would already score this. Add rows of the other answers, or compare with this score and not with zero.",
  check(rows) {
    const train = rows.flatMap((row, i) => (!row.held && asks(row) ? [i] : []));
    if (train.length < 20) return [];
    const counts = new Map<number, number[]>();
    for (const i of train) {
      const key = rows[i]?.answerHash ?? 0;
      const list = counts.get(key);
      if (list) list.push(i);
      else counts.set(key, [i]);
    }
    const top = [...counts.values()].reduce((best, list) => (list.length > best.length ? list : best), []);
    const share = top.length / train.length;
    const closed = counts.size <= Math.max(2, train.length / 10);
    if (share < (closed ? MAJORITY : REPEATED)) return [];
    const answer = rows[top[0] ?? 0]?.answer ?? "";
    const held = rows.filter((row) => row.held && asks(row));
    const common = rows[top[0] ?? 0]?.answerHash;
    const score = held.length > 0 ? held.filter((row) => row.answerHash === common).length / held.length : share;
    const where = held.length > 0 ? "of the held-out rows" : "of these rows";
    const message = `${percent(share)} of the answers are ${quote(answer)}: always giving it scores ${percent(score)} ${where}.`;
    return [{ severity: share >= ALL ? "red" : "amber", rows: top, message }];
  },
};

export const emptyAnswers: Gate = {
  name: "empty-answers",
  title: "Answers without content",
  why: "A row that answers with nothing teaches the model to fall silent. Leave it out or write its answer.",
  fix: "drop",
  check(rows) {
    const empty = rows.flatMap((row, i) => (!row.held && isEmpty(row) ? [i] : []));
    if (empty.length === 0) return [];
    const message = `${rowsDo(empty.length, "has", "have")} an answer of nothing but spaces or filler such as “N/A”.`;
    return [{ severity: severityOf(empty.length, rows.length), rows: empty, message }];
  },
};

const isEmpty = ({ row, answer, messages }: GateRow) =>
  row.kind !== "prompt" &&
  row.kind !== "chat-prompt" &&
  // A conversation without an answer is out of order, and told so.
  messages?.at(-1)?.role !== "user" &&
  /^(?:n\/a|null|none|nan|undefined|todo|[.…\-–—\s]*)$/i.test(answer.trim());
