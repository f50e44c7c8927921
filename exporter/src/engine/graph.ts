import type { Emitter } from './emitter.js';
import { ShapeError } from './errors.js';

export type Shape = readonly number[];

/**
 * One kind of operation: its shape rule, its forward emission and its vector-Jacobian product, side by side.
 * Emission here is the portable one (standard ONNX); a faster lowering may replace it, never its meaning.
 */
export interface Op<Attributes> {
  readonly name: string;
  /** @throws ShapeError (use `call.fail`) */
  shapes(inputs: readonly Shape[], attributes: Attributes): readonly Shape[];
  /** Emits the forward computation and returns the names of the outputs. */
  emit(emitter: Emitter, call: Call<Attributes>): readonly string[];
  /**
   * Emits the gradients of the inputs, given that of the first output; only of those that are `needed`. An op without
   * one is not differentiable: values computed from it are constants.
   */
  gradient?(emitter: Emitter, call: GradientCall<Attributes>): readonly (string | undefined)[];
}

export interface Call<Attributes> {
  readonly inputs: readonly string[];
  readonly shapes: readonly Shape[];
  readonly outputShapes: readonly Shape[];
  readonly attributes: Attributes;
}

export interface GradientCall<Attributes> extends Call<Attributes> {
  readonly outputs: readonly string[];
  readonly gradient: string;
  readonly needed: readonly boolean[];
}

export interface Value {
  readonly shape: Shape;
  /** The node that computes it; none for an input of the graph. */
  readonly node: Node | undefined;
  /** The input's name. */
  readonly name: string | undefined;
}

export interface Node {
  readonly op: Op<unknown>;
  readonly attributes: unknown;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/**
 * A computation over tensors of static shape: a list of operations in the order they were added. It says what is
 * computed, not how: that is a lowering's matter (ONNX) or an engine's (TensorFlow.js).
 */
export class Graph {
  readonly nodes: Node[] = [];
  readonly inputs = new Map<string, Value>();

  input(name: string, shape: Shape): Value {
    const known = this.inputs.get(name);
    if (known) {
      if (known.shape.join() !== shape.join()) throw new ShapeError(`input ${name}`, [known.shape, shape]);
      return known;
    }
    const value: Value = { shape, node: undefined, name };
    this.inputs.set(name, value);
    return value;
  }

  /** Adds an operation and returns its first output. */
  apply<A>(op: Op<A>, inputs: readonly Value[], attributes: A): Value {
    return this.applyAll(op, inputs, attributes)[0] as Value;
  }

  applyAll<A>(op: Op<A>, inputs: readonly Value[], attributes: A): readonly Value[] {
    const shapes = op.shapes(
      inputs.map(({ shape }) => shape),
      attributes,
    );
    const outputs: Value[] = [];
    const node: Node = { op: op as Op<unknown>, attributes, inputs, outputs };
    for (const shape of shapes) outputs.push({ shape, node, name: undefined });
    this.nodes.push(node);
    return outputs;
  }
}

/** The values that depend, differentiably, on any of `sources`. */
export function dependents(graph: Graph, sources: Iterable<Value>): ReadonlySet<Value> {
  const found = new Set<Value>(sources);
  for (const { op, inputs, outputs } of graph.nodes) {
    if (op.gradient && inputs.some((input) => found.has(input))) found.add(outputs[0] as Value);
  }
  return found;
}
