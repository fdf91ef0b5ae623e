/**
 * `break` and `continue` of chat templates, as Jinja's loopcontrols do them. The library ends an iteration by throwing, and
 * so loses the text that the iteration has written already ("a1b" for Python's "a1ba2"). Here the parsed tree is
 * rewritten before it runs: a control sets a flag, and what would come after it stands behind `if not flag`.
 */
import { parse, tokenize } from "@huggingface/jinja";

/** The parts of the library's tree that matter here; a For has a defaultBlock, an If an alternate. */
interface Node {
  readonly type: string;
  body?: Node[];
  alternate?: Node[];
  defaultBlock?: Node[];
}

interface Flags {
  /** This iteration writes no more. */
  readonly skip: string;
  /** Nor does any later one. */
  readonly stop: string;
}

let loops = 0;

/** Rewrites the tree in place. */
export function keepTextAtControls(program: { body: unknown[] }): void {
  walk(program.body as Node[]);
}

function walk(nodes: readonly Node[]): void {
  for (const node of nodes) {
    for (const part of [node.body, node.alternate, node.defaultBlock]) if (Array.isArray(part)) walk(part);
    if (node.type === "For" && node.body && node.body.some(hasControl)) node.body = guardedLoop(node.body);
  }
}

/** Whether a control of this loop lies in the node; those of loops inside are their own. */
function hasControl(node: Node): boolean {
  if (node.type === "Break" || node.type === "Continue") return true;
  return node.type === "If" && [...(node.body ?? []), ...(node.alternate ?? [])].some(hasControl);
}

function guardedLoop(body: readonly Node[]): Node[] {
  const id = loops++;
  const flags = { skip: `burnish_skip_${id}`, stop: `burnish_stop_${id}` };
  const start = snippet(
    `{% if loop.first %}{% set ${flags.stop} = false %}{% endif %}{% set ${flags.skip} = ${flags.stop} %}`,
  );
  return [...start, ...unless(flags, guarded(body, flags))];
}

/** The statements with controls as flags; what follows one that may set a flag waits for `not skip`. */
function guarded(statements: readonly Node[], flags: Flags): Node[] {
  for (const [i, node] of statements.entries()) {
    if (!hasControl(node)) continue;
    const before = statements.slice(0, i);
    const set = `{% set ${flags.skip} = true %}`;
    if (node.type === "Continue") return [...before, ...snippet(set)];
    if (node.type === "Break") return [...before, ...snippet(`${set}{% set ${flags.stop} = true %}`)];
    node.body = guarded(node.body ?? [], flags);
    node.alternate = guarded(node.alternate ?? [], flags);
    const after = guarded(statements.slice(i + 1), flags);
    return [...before, node, ...(after.length > 0 ? unless(flags, after) : [])];
  }
  return [...statements];
}

function unless(flags: Flags, body: Node[]): Node[] {
  const made = snippet(`{% if not ${flags.skip} %}x{% endif %}`);
  for (const node of made) node.body = body;
  return made;
}

function snippet(source: string): Node[] {
  return parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true })).body as unknown as Node[];
}
