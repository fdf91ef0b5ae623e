/**
 * An op is a forward rule and a gradient rule side by side. `forward` appends kernel calls and returns new tensors;
 * `backward` gets inputs, outputs and output gradients by name (the gradient of `y` is `dy`) and returns gradients of
 * the inputs it was given.
 */
import { type Graph, scope } from "@/graph/graph";
import type { Tensor } from "@/graph/target";

type Named<K extends string> = Readonly<Record<K, Tensor>>;

export interface OpRules<In extends string, Out extends string, Attributes> {
  forward(graph: Graph, inputs: Named<In>, attributes: Attributes): Named<Out>;
  backward?(
    graph: Graph,
    tensors: Named<In> & Named<Out> & Named<`d${Out}`>,
    attributes: Attributes,
  ): Partial<Record<In, Tensor>>;
}

export type Op<In extends string, Out extends string, Attributes> = (
  graph: Graph,
  inputs: Named<In>,
  attributes: Attributes,
) => Named<Out>;

export function op<In extends string, Out extends string, Attributes>(
  name: string,
  rules: OpRules<In, Out, Attributes>,
): Op<In, Out, Attributes> {
  return (graph, inputs, attributes) => {
    const outputs = scope(graph, name, () => rules.forward(graph, inputs, attributes));
    const { backward } = rules;
    const needed = Object.values<Tensor>(inputs).some((input) => input.needsGrad);
    if (!backward || !needed) return outputs;
    const label = [...graph.path, name].join(".");
    const marked = Object.fromEntries(
      Object.entries<Tensor>(outputs).map(([key, tensor]) => [key, { ...tensor, needsGrad: true }]),
    ) as Record<Out, Tensor>;
    graph.tape.push({
      label,
      inputs,
      outputs: marked,
      pullback: (gradients) => {
        const named = Object.fromEntries(Object.entries(gradients).map(([key, tensor]) => [`d${key}`, tensor]));
        const tensors = { ...inputs, ...marked, ...named } as Named<In> & Named<Out> & Named<`d${Out}`>;
        return scope(graph, name, () => backward(graph, tensors, attributes));
      },
    });
    return marked;
  };
}
