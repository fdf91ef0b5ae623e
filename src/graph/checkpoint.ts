/**
 * Gradient checkpointing (Chen et al. 2016): of a block only its input is kept; the backward runs the block's forward
 * again and then its gradient. One more forward buys activations of one block instead of all.
 */
import { addGradient, backward, type Gradients, takeGradient } from "@/graph/backward";
import type { Graph } from "@/graph/graph";
import type { Tensor } from "@/graph/target";

/** y = body(x), with nothing but x kept for the gradient. */
export function checkpoint(graph: Graph, x: Tensor, body: (x: Tensor) => Tensor): Tensor {
  const outerTape = graph.tape;
  graph.tape = [];
  const traced = body(x);
  const teaches = graph.tape.length > 0;
  graph.tape = outerTape;
  if (!teaches) return traced;
  const y = { ...traced, needsGrad: true };
  const path = [...graph.path];
  graph.tape.push({
    label: [...graph.path, "checkpoint"].join("."),
    inputs: { x },
    outputs: { y },
    pullback: ({ y: dy }) => {
      const tape = graph.tape;
      const backwardPath = graph.path.splice(0, graph.path.length, "recompute", ...path);
      graph.tape = [];
      // The input must ask for a gradient, so that what flows into it can be handed on.
      const again = body({ ...x, needsGrad: true });
      const nodes = graph.tape;
      graph.tape = tape;
      graph.path.splice(0, graph.path.length, ...backwardPath);
      const gradients: Gradients = new Map();
      if (dy) addGradient(graph, gradients, { ...again, needsGrad: true }, dy);
      backward(graph, nodes, gradients);
      return { x: takeGradient(gradients, x) };
    },
  });
  return y;
}
