import type { Node, Value } from '../../graph.js';
import type { Step } from '../lowering.js';
import type { Blocked } from './blocked-emitter.js';
import type { BlockedScope } from './blocked-scope.js';

/** One op in blocked memory, unfused: squeeze-excite, h-swish, and sums that no layer has taken. */
abstract class PlainStep implements Step {
  readonly inputs: readonly Value[];
  readonly output: Value;

  constructor(readonly node: Node) {
    this.inputs = node.inputs;
    this.output = node.outputs[0] as Value;
  }

  abstract forward(scope: BlockedScope): void;
  protected abstract propagate(scope: BlockedScope, gradient: Blocked): void;

  backward(scope: BlockedScope): void {
    if (!scope.differentiable.has(this.output)) return;
    const gradient = scope.blockedGradient(this.output, 'whole')?.[0];
    if (gradient) this.propagate(scope, gradient);
  }

  protected whole(scope: BlockedScope, value: Value): Blocked {
    return scope.parts(value, 'whole')[0] as Blocked;
  }
}

/** Activations and sums do not care about the memory order: the portable emission, on blocked memory. */
export class ElementwiseStep extends PlainStep {
  forward(scope: BlockedScope): void {
    const [name] = this.node.op.emit(scope.emitter, this.#call(scope));
    scope.defineBlocked(this.output, [{ ...this.whole(scope, this.inputs[0] as Value), name: name as string }]);
  }

  protected propagate(scope: BlockedScope, gradient: Blocked): void {
    const needed = this.inputs.map((input) => scope.differentiable.has(input));
    const outputs = [this.whole(scope, this.output).name];
    const call = { ...this.#call(scope), outputs, gradient: gradient.name, needed };
    this.node.op.gradient?.(scope.emitter, call).forEach((name, i) => {
      if (needed[i] && name !== undefined) scope.addBlockedGradient(this.inputs[i] as Value, [{ ...gradient, name }]);
    });
  }

  #call(scope: BlockedScope) {
    return {
      inputs: this.inputs.map((value) => this.whole(scope, value).name),
      shapes: this.inputs.map(({ shape }) => shape),
      outputShapes: [this.output.shape],
      attributes: this.node.attributes,
    };
  }
}

/** `x * gate` with a number `[batch, channels, 1, 1]` for every image and channel, as squeeze-excite has. */
export class GateStep extends PlainStep {
  #scale = '';

  forward(scope: BlockedScope): void {
    const [x, gate] = this.inputs as [Value, Value];
    const input = this.whole(scope, x);
    const { e } = scope.blocked;
    const [batch, channels] = gate.shape as [number, number];
    const flat = e.reshape(scope.name(gate), [batch, channels]);
    this.#scale = e.pad(flat, [0, 0, 0, input.channels - channels]);
    scope.defineBlocked(this.output, [scope.blocked.perImageScale(input, this.#scale)]);
  }

  protected propagate(scope: BlockedScope, gradient: Blocked): void {
    const { blocked } = scope;
    const { e } = blocked;
    const [x, gate] = this.inputs as [Value, Value];
    const input = this.whole(scope, x);
    if (scope.differentiable.has(gate)) {
      const dot = blocked.perImageDot(gradient, input);
      const channels = gate.shape[1] as number;
      const unpadded = input.channels === channels ? dot : e.slice(dot, [0], [channels], [1]);
      scope.addGradient(gate, e.reshape(unpadded, gate.shape));
    }
    if (scope.differentiable.has(x)) {
      scope.addBlockedGradient(x, [blocked.perImageScale(gradient, this.#scale)]);
    }
  }
}
