/**
 * Reverse-mode differentiation over the tape. Gradients are keyed by storage and offset; a tensor used twice gets the
 * sum of both gradients through the `add` kernel. Trained parameters never appear here: an op adds into their `grad`.
 */
import { call, elements, type Graph, scope, type TapeNode, temp } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import type { Tensor } from "@/graph/target";

export type Gradients = Map<string, Tensor>;

/** Storages are unique objects, but two views of one storage are two values. */
const ids = new WeakMap<object, number>();
let nextId = 0;
function keyOf(tensor: Tensor): string {
  const id = ids.get(tensor.storage) ?? nextId++;
  ids.set(tensor.storage, id);
  return `${id}@${tensor.offset}`;
}

export function addGradient(graph: Graph, gradients: Gradients, target: Tensor, gradient: Tensor): void {
  if (!target.needsGrad) return;
  const key = keyOf(target);
  const before = gradients.get(key);
  if (!before) {
    gradients.set(key, gradient);
    return;
  }
  const sum = temp(graph, target.shape);
  const grid = gridOf(elements(target.shape) / 4);
  scope(graph, "sum", () =>
    call(graph, "add.forward", { reads: { a: before, b: gradient }, writes: { y: sum } }, {}, grid),
  );
  gradients.set(key, sum);
}

export function takeGradient(gradients: Gradients, tensor: Tensor): Tensor | undefined {
  const key = keyOf(tensor);
  const gradient = gradients.get(key);
  gradients.delete(key);
  return gradient;
}

/** Runs the nodes from last to first, each by its own rule. */
export function backward(graph: Graph, nodes: readonly TapeNode[], gradients: Gradients): void {
  for (const node of nodes.toReversed()) {
    const incoming: Record<string, Tensor> = {};
    for (const [name, output] of Object.entries(node.outputs)) {
      const gradient = takeGradient(gradients, output);
      if (gradient) incoming[name] = gradient;
    }
    if (Object.keys(incoming).length === 0) continue;
    const outer = graph.path.splice(0, graph.path.length, "backward", ...node.label.split(".").slice(0, -1));
    const outgoing = node.pullback(incoming);
    for (const [name, gradient] of Object.entries(outgoing)) {
      const input = node.inputs[name];
      if (input && gradient) addGradient(graph, gradients, input, gradient);
    }
    graph.path.splice(0, graph.path.length, ...outer);
  }
}
