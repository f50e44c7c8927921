import type { Node, Value } from '../../graph.js';
import type { Step } from '../lowering.js';
import type { Blocked } from './blocked-emitter.js';
import type { BlockedScope } from './blocked-scope.js';

/** Global average pooling straight from blocked memory. */
export class PoolStep implements Step {
  readonly #input: Value;
  readonly #output: Value;

  constructor(node: Node) {
    this.#input = node.inputs[0] as Value;
    this.#output = node.outputs[0] as Value;
  }

  forward(scope: BlockedScope): void {
    const [x] = scope.parts(this.#input, 'whole') as [Blocked];
    const channels = this.#input.shape[1] as number;
    const pooled = scope.blocked.globalAveragePool(x);
    const name = channels === x.channels ? pooled : scope.emitter.slice(pooled, [0], [channels], [1]);
    scope.define(this.#output, name);
  }

  backward(scope: BlockedScope): void {
    if (!scope.differentiable.has(this.#input)) return;
    const gradient = scope.gradient(this.#output);
    if (gradient === undefined) return;
    const [x] = scope.parts(this.#input, 'whole') as [Blocked];
    const padding = x.channels - (this.#input.shape[1] as number);
    const each = scope.emitter.scale(gradient, 1 / (x.height * x.width));
    scope.addBlockedGradient(this.#input, [scope.blocked.spread(scope.emitter.pad(each, [0, 0, 0, padding]), x)]);
  }
}
