/**
 * The dispatch of every row of a file, told as findings. Rows are counted by the shapes of their columns, of which a file
 * has few; they are judged at the end, when all columns of the file are known.
 */
import type { Finding } from "@/worker/api/data";
import { DISPATCH_COLUMNS, type Dispatch, dispatchOf, type Shape, type Shapes, shapeOf } from "./dispatch";
import { describeKind, type Method, type Row } from "./row";

const SHOWN_ROWS = 20;
const MAX_GROUPS = 500;

interface Group {
  readonly shapes: Shapes;
  readonly kind: Row["kind"] | null;
  count: number;
  readonly rows: number[];
}

export interface DispatchTally {
  /** `kind` is what Burnish reads the row as; null when it cannot. */
  add(line: number, value: unknown, kind: Row["kind"] | null): void;
  findings(method: Method): Finding[];
}

export function createDispatchTally(columns: Readonly<Record<string, string>>): DispatchTally {
  const groups = new Map<string, Group>();
  const seen = new Set<string>();
  const names = Object.keys(columns).length > 0 ? DISPATCH_COLUMNS.filter((name) => name in columns) : DISPATCH_COLUMNS;
  return {
    add(line, value, kind) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return;
      const record = value as Record<string, unknown>;
      const shapes: Record<string, Shape> = {};
      for (const name of names) {
        const source = columns[name] ?? name;
        const shape = Object.hasOwn(record, source) ? shapeOf(record[source]) : "absent";
        if (shape === "absent") continue;
        shapes[name] = shape;
        seen.add(name);
      }
      const key = JSON.stringify([kind, shapes]);
      const group = groups.get(key) ?? { shapes, kind, count: 0, rows: [] };
      if (!groups.has(key) && groups.size >= MAX_GROUPS) return;
      groups.set(key, group);
      group.count++;
      if (group.rows.length < SHOWN_ROWS) group.rows.push(line);
    },
    findings(method) {
      const judged = [...groups.values()].map((group) => {
        const shapes = filled(group, seen);
        return { group: { ...group, shapes }, dispatch: dispatchOf(shapes, method) };
      });
      return [...traps(judged), ...mixed([...groups.values()])];
    },
  };
}

/** With null in every column that some other row has. */
function filled({ shapes }: Group, seen: ReadonlySet<string>): Shapes {
  return { ...Object.fromEntries([...seen].map((name): [string, Shape] => [name, "null"])), ...shapes };
}

interface Judged {
  readonly group: Group;
  readonly dispatch: Dispatch;
}

/** One finding for each thing that can go wrong, whatever the shapes that lead there. */
function traps(judged: readonly Judged[]): Finding[] {
  const found = new Map<string, Finding>();
  for (const { group, dispatch } of judged) {
    const finding = trapOf(group, dispatch);
    if (!finding) continue;
    const before = found.get(finding.message);
    const rows = [...(before?.rows ?? []), ...group.rows].sort((a, b) => a - b).slice(0, SHOWN_ROWS);
    found.set(finding.message, { ...finding, rows, count: (before?.count ?? 0) + group.count });
  }
  return [...found.values()];
}

type Trap = Omit<Finding, "count" | "rows">;

function trapOf({ kind, shapes }: Group, dispatch: Dispatch): Trap | null {
  if (kind === null) return null;
  const own = OWN_COLUMNS[kind];
  const present = CONTENT_COLUMNS.filter((name) => name in shapes);
  const extra = present.filter((name) => !own.includes(name));
  const kept = [...own, "tools", "chat_template_kwargs"].filter((name) => name in shapes);
  const fix = {
    label: `Read ${list(own)} only`,
    data: { columns: Object.fromEntries(kept.map((name) => [name, name])) },
  };
  if (dispatch.failure && extra.length > 0) {
    return {
      gate: "dispatch",
      severity: "red",
      message: `TRL takes these rows as ${dispatch.branch} and stops: ${dispatch.failure}. The rows have ${list(present)}.`,
      why: `TRL chooses what to read by the names of the columns, before it looks at what is in them. Without ${list(extra)} the same rows are read as ${describeKind(kind)}.`,
      fix,
    };
  }
  if (dispatch.failure) {
    return {
      gate: "dispatch-converted",
      severity: "note",
      message: `Burnish reads these rows as ${describeKind(kind)}; TRL itself would stop: ${dispatch.failure}.`,
      why: "The rows are converted here before anything is trained. Elsewhere they have to be converted first.",
    };
  }
  if (shapes.conversations === "speakers") {
    return {
      gate: "dispatch-roles",
      severity: "note",
      message: "The speakers human and gpt are read as the roles user and assistant.",
      why: "TRL 1.16 keeps the speakers' names as roles, which a chat template then writes out as they are. A model that never saw such roles learns a format that nobody asks it in.",
    };
  }
  if (dispatch.endless) {
    return {
      gate: "dispatch-eos",
      severity: "red",
      message: "TRL would append the end mark to text, which it does not train on, and none to completion.",
      why: "Where a row has a text column, that one is ended, whichever is read later. A model whose answers never end does not learn to stop.",
      fix,
    };
  }
  if (extra.length > 0 && dispatch.ignores.length > 0) {
    const others = dispatch.ignores.includes("messages") ? ["messages"] : dispatch.ignores;
    const instead = [...others, "tools", "chat_template_kwargs"].filter((name) => name in shapes);
    return {
      gate: "dispatch-ignored",
      severity: "amber",
      message: `The rows are read as ${describeKind(kind)}; ${list(dispatch.ignores)} ${dispatch.ignores.length > 1 ? "are" : "is"} passed over.`,
      why: "TRL reads one set of columns and says nothing of the others. If what you want to teach stands in the others, drop those that win.",
      fix: {
        label: `Read ${list(others)} instead`,
        data: { columns: Object.fromEntries(instead.map((name) => [name, name])) },
      },
    };
  }
  return null;
}

/** What a row of each kind consists of, under TRL's names. */
const OWN_COLUMNS: Readonly<Record<Row["kind"], readonly string[]>> = {
  text: ["text"],
  messages: ["messages"],
  completion: ["prompt", "completion"],
  chat: ["prompt", "completion"],
  pair: ["prompt", "chosen", "rejected"],
  "chat-pair": ["chosen", "rejected"],
  prompt: ["prompt"],
  "chat-prompt": ["prompt"],
  unpaired: ["prompt", "completion", "label"],
  "chat-unpaired": ["prompt", "completion", "label"],
};
const CONTENT_COLUMNS = ["text", "messages", "prompt", "completion", "chosen", "rejected", "label"] as const;

function mixed(groups: readonly Group[]): Finding[] {
  const kinds = new Map<Row["kind"], Group[]>();
  for (const group of groups) {
    if (group.kind !== null) kinds.set(group.kind, [...(kinds.get(group.kind) ?? []), group]);
  }
  if (kinds.size < 2) return [];
  const count = (of: readonly Group[]) => of.reduce((sum, group) => sum + group.count, 0);
  const sorted = [...kinds].sort(([, a], [, b]) => count(b) - count(a));
  const others = sorted.slice(1).flatMap(([, of]) => of);
  return [
    {
      gate: "mixed-types",
      severity: "amber",
      count: count(others),
      rows: others
        .flatMap(({ rows }) => rows)
        .sort((a, b) => a - b)
        .slice(0, SHOWN_ROWS),
      message: `The rows are of ${kinds.size} types: ${sorted.map(([kind, of]) => `${count(of)} ${describeKind(kind)}`).join(", ")}.`,
      why: "A run trains on rows of one type, that of the first good row; the others are left out. TRL would decide by the first row and stop, or go wrong, at the first of another type.",
    },
  ];
}

const list = (names: readonly string[]) =>
  names.length < 2 ? (names[0] ?? "nothing") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
