import type { Node, Value } from '../graph.js';
import type { Lowering, Scope, Step } from './lowering.js';

/** Every op by its own portable emission: standard ONNX and FusedMatMul, on any execution provider. The reference. */
export const portable: Lowering = {
  name: 'portable',
  steps: (graph) => graph.nodes.map((node) => new PortableStep(node)),
};

export class PortableStep implements Step {
  constructor(readonly node: Node) {}

  forward(scope: Scope): void {
    const { op, outputs } = this.node;
    const names = op.emit(scope.emitter, this.#call(scope));
    outputs.forEach((output, i) => {
      scope.define(output, names[i] as string);
    });
  }

  backward(scope: Scope): void {
    const { op, inputs, outputs } = this.node;
    const output = outputs[0] as Value;
    if (!op.gradient || !scope.differentiable.has(output)) return;
    const gradient = scope.gradient(output);
    if (gradient === undefined) return;
    const needed = inputs.map((input) => scope.differentiable.has(input));
    const names = op.gradient(scope.emitter, {
      ...this.#call(scope),
      outputs: outputs.map((value) => scope.name(value)),
      gradient,
      needed,
    });
    inputs.forEach((input, i) => {
      const name = names[i];
      if (needed[i] && name !== undefined) scope.addGradient(input, name);
    });
  }

  #call(scope: Scope) {
    const { inputs, outputs, attributes } = this.node;
    return {
      inputs: inputs.map((value) => scope.name(value)),
      shapes: inputs.map(({ shape }) => shape),
      outputShapes: outputs.map(({ shape }) => shape),
      attributes,
    };
  }
}
