import { Emitter } from '../emitter.js';
import { dependents, type Graph, type Value } from '../graph.js';

/** What a compiled program computes: named outputs, and gradients of a scalar loss by the values' names. */
export interface Program {
  readonly name: string;
  readonly graph: Graph;
  readonly outputs: Readonly<Record<string, Value>>;
  readonly loss?: Value;
  /** Each becomes the output `gradient of ${name}`, in the value's own shape. */
  readonly gradients?: Readonly<Record<string, Value>>;
}

export const gradientName = (name: string) => `gradient of ${name}`;

/**
 * One or several nodes of the graph that are emitted together. `forward` stores the names of its outputs in the scope,
 * `backward` reads the gradient of its output there and adds those of its inputs.
 */
export interface Step {
  forward(scope: Scope): void;
  backward(scope: Scope): void;
}

/** Decides how the operations of a graph become ONNX nodes. */
export interface Lowering {
  readonly name: string;
  /** A scope of its own, where a lowering keeps values in another memory order. */
  scope?(emitter: Emitter, differentiable: ReadonlySet<Value>): Scope;
  /** @param outputs values that must be there by name in the end, so that no step may swallow them */
  steps(graph: Graph, outputs: ReadonlySet<Value>, differentiable: ReadonlySet<Value>): readonly Step[];
}

/** What has been emitted so far: the name of every value, and the terms of every gradient. */
export class Scope {
  readonly #names = new Map<Value, string>();
  readonly #gradients = new Map<Value, string[]>();

  constructor(
    readonly emitter: Emitter,
    /** The values whose gradients are wanted or lead to wanted ones. */
    readonly differentiable: ReadonlySet<Value>,
  ) {}

  /** A row-major `[batch, channels, h, w]` (or whatever the value's shape is) name. */
  name(value: Value): string {
    const name = this.#names.get(value);
    if (name === undefined) throw new Error('a value was used before the step that computes it');
    return name;
  }
  define(value: Value, name: string): void {
    this.#names.set(value, name);
  }
  isDefined(value: Value): boolean {
    return this.#names.has(value);
  }

  addGradient(value: Value, name: string): void {
    const terms = this.#gradients.get(value);
    if (terms) terms.push(name);
    else this.#gradients.set(value, [name]);
  }
  /** The sum of all terms; undefined where the loss does not depend on the value. */
  gradient(value: Value): string | undefined {
    const terms = this.#gradients.get(value);
    return terms && this.emitter.sum(terms);
  }
}

/** Emits the forward pass, then, in reverse, the gradients that the program asks for. */
export function compile(program: Program, lowering: Lowering): Uint8Array {
  const { graph, outputs, loss, gradients = {} } = program;
  const emitter = new Emitter(program.name);
  const differentiable = dependents(graph, Object.values(gradients));
  const scope = lowering.scope?.(emitter, differentiable) ?? new Scope(emitter, differentiable);
  for (const [name, value] of graph.inputs) scope.define(value, emitter.input(name, value.shape));
  const steps = lowering.steps(
    graph,
    new Set([...Object.values(outputs), ...Object.values(gradients)]),
    differentiable,
  );
  for (const step of steps) step.forward(scope);
  for (const [name, value] of Object.entries(outputs)) emitter.output(scope.name(value), value.shape, name);
  if (loss && Object.keys(gradients).length > 0) {
    scope.addGradient(loss, emitter.scalar(1));
    for (const step of [...steps].reverse()) step.backward(scope);
    for (const [name, value] of Object.entries(gradients)) {
      const gradient = scope.gradient(value);
      if (gradient === undefined) throw new Error(`the loss does not depend on ${name}`);
      emitter.output(gradient, value.shape, gradientName(name));
    }
  }
  return emitter.encode();
}
