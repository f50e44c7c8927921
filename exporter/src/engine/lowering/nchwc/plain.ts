import type { Node, Value } from '../../graph.js';
import type { Convolution } from '../../ops/convolution.js';
import type { Step } from '../lowering.js';
import type { Blocked } from './blocked-emitter.js';
import type { BlockedScope } from './blocked-scope.js';
import { DepthwiseKernel } from './depthwise-kernel.js';

/** One op in blocked memory, unfused: what the gated supernet is made of. */
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

export class PlainPointwiseStep extends PlainStep {
  #matrix = '';

  forward(scope: BlockedScope): void {
    const { blocked } = scope;
    const [x, weight] = this.inputs as [Value, Value];
    const [out, channels] = weight.shape as [number, number];
    const flat = blocked.e.reshape(scope.name(weight), [out, channels]);
    this.#matrix = blocked.e.pad(flat, [0, 0, blocked.padded(out) - out, blocked.padded(channels) - channels]);
    scope.defineBlocked(this.output, [blocked.pointwise(this.whole(scope, x), this.#matrix, blocked.padded(out))]);
  }

  protected propagate(scope: BlockedScope, gradient: Blocked): void {
    const { blocked } = scope;
    const { e } = blocked;
    const [x, weight] = this.inputs as [Value, Value];
    const input = this.whole(scope, x);
    if (scope.differentiable.has(weight)) {
      const matrix = blocked.outerProduct(gradient, input);
      const [out, channels] = weight.shape as [number, number];
      scope.addGradient(weight, e.reshape(e.slice(matrix, [0, 0], [out, channels], [0, 1]), weight.shape));
    }
    if (scope.differentiable.has(x)) {
      scope.addBlockedGradient(x, [blocked.pointwise(gradient, e.transpose(this.#matrix, [1, 0]), input.channels)]);
    }
  }
}

export class PlainDepthwiseStep extends PlainStep {
  #kernel: DepthwiseKernel | undefined;

  forward(scope: BlockedScope): void {
    const [x, weight] = this.inputs as [Value, Value];
    this.#kernel = new DepthwiseKernel(scope, x, weight, (this.node.attributes as Convolution).stride);
    scope.defineBlocked(this.output, [this.#kernel.convolve(this.#kernel.matrix)]);
  }

  protected propagate(scope: BlockedScope, gradient: Blocked): void {
    const kernel = this.#kernel as DepthwiseKernel;
    if (scope.differentiable.has(kernel.weight)) kernel.addWeightGradient(kernel.matrixGradient(gradient));
    kernel.addInputGradient(kernel.matrix, gradient);
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

/** `x * scale + shift`, or `x * gate`, with numbers of their own for every image and channel. */
export class ChannelAffineStep extends PlainStep {
  #scale = '';

  forward(scope: BlockedScope): void {
    const [x, scale, shift] = this.inputs as [Value, Value, Value | undefined];
    const input = this.whole(scope, x);
    this.#scale = this.#padded(scope, scale, input);
    const bias = shift && this.#padded(scope, shift, input);
    scope.defineBlocked(this.output, [scope.blocked.perImageAffine(input, this.#scale, bias)]);
  }

  protected propagate(scope: BlockedScope, gradient: Blocked): void {
    const { blocked } = scope;
    const { e } = blocked;
    const [x, scale, shift] = this.inputs as [Value, Value, Value | undefined];
    const input = this.whole(scope, x);
    const add = (value: Value | undefined, vector: () => string) => {
      if (!value || !scope.differentiable.has(value)) return;
      const [batch, channels] = [x.shape[0] as number, x.shape[1] as number];
      const unpadded = input.channels === channels ? vector() : e.slice(vector(), [0], [channels], [1]);
      // A gate `[batch, 1, 1, 1]` acts on all channels at once.
      const summed = value.shape[1] === channels ? unpadded : e.reduceSum(unpadded, [1], true);
      scope.addGradient(
        value,
        value.shape.length === 2 && value.shape[0] === batch ? summed : e.reshape(summed, value.shape),
      );
    };
    add(scale, () => blocked.perImageDot(gradient, input));
    add(shift, () => e.scale(blocked.globalAveragePool(gradient), input.height * input.width));
    if (scope.differentiable.has(x)) {
      scope.addBlockedGradient(x, [blocked.perImageAffine(gradient, this.#scale, undefined)]);
    }
  }

  /** `[batch, channels]`, channels padded with zeros. */
  #padded(scope: BlockedScope, vector: Value, { batch, channels }: Blocked): string {
    const { e } = scope.blocked;
    const own = vector.shape[1] as number;
    const flat = e.reshape(scope.name(vector), [batch, own]);
    if (own === 1 && channels !== 1) return e.node('Expand', [flat, e.integers([batch, channels])]);
    return e.pad(flat, [0, 0, 0, channels - own]);
  }
}
