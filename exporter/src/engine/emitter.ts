import { float, ModelBuilder } from '@easel/sdk/onnx';
import type { Shape } from './graph.js';

const microsoft = 'com.microsoft';

const filled = (length: number, value: number) => new Float32Array(length).fill(value);

/** A model builder with the few dozen ONNX idioms that ops are written in. Opset 17. */
export class Emitter extends ModelBuilder {
  readonly #emitted = new Map<string, string>();

  add(a: string, b: string): string {
    return this.node('Add', [a, b]);
  }
  subtract(a: string, b: string): string {
    return this.node('Sub', [a, b]);
  }
  multiply(a: string, b: string): string {
    return this.node('Mul', [a, b]);
  }
  divide(a: string, b: string): string {
    return this.node('Div', [a, b]);
  }
  negate(a: string): string {
    return this.node('Neg', [a]);
  }
  square(a: string): string {
    return this.multiply(a, a);
  }
  scale(a: string, factor: number): string {
    return factor === 1 ? a : this.multiply(a, this.scalar(factor));
  }
  sum(terms: readonly string[]): string {
    return terms.length === 1 ? (terms[0] as string) : this.node('Sum', terms);
  }
  /** 1 / sqrt(a + epsilon) */
  inverseRoot(a: string, epsilon: number): string {
    return this.node('Reciprocal', [this.node('Sqrt', [this.add(a, this.scalar(epsilon))])]);
  }

  reshape(a: string, shape: Shape): string {
    return this.node('Reshape', [a, this.integers(shape)]);
  }
  transpose(a: string, permutation: readonly number[]): string {
    return this.node('Transpose', [a], { perm: permutation });
  }
  concat(parts: readonly string[], axis: number): string {
    return this.node('Concat', parts, { axis });
  }
  slice(a: string, starts: readonly number[], ends: readonly number[], axes: readonly number[], steps?: number[]) {
    const inputs = [a, this.integers(starts), this.integers(ends), this.integers(axes)];
    return this.node('Slice', steps ? [...inputs, this.integers(steps)] : inputs);
  }
  /** Zero padding; `pads` holds all starts, then all ends. */
  pad(a: string, pads: readonly number[]): string {
    return pads.some((amount) => amount !== 0) ? this.node('Pad', [a, this.integers(pads)]) : a;
  }
  gather(a: string, indices: readonly number[], axis: number): string {
    return this.node('Gather', [a, this.integers(indices)], { axis });
  }

  reduceSum(a: string, axes: readonly number[], keep = false): string {
    return this.node('ReduceSum', [a, this.integers(axes)], { keepdims: keep ? 1 : 0 });
  }
  reduceMean(a: string, axes: readonly number[], keep = false): string {
    return this.node('ReduceMean', [a], { axes, keepdims: keep ? 1 : 0 });
  }

  matmul(a: string, b: string, { transposeA = false, transposeB = false } = {}): string {
    if (!transposeA && !transposeB) return this.node('MatMul', [a, b]);
    return this.node('FusedMatMul', [a, b], { transA: +transposeA, transB: +transposeB }, microsoft);
  }
  /** 2-D product with optional transposes. */
  gemm(a: string, b: string, { transposeA = false, transposeB = false } = {}, bias?: string): string {
    return this.node('Gemm', bias ? [a, b, bias] : [a, b], { transA: +transposeA, transB: +transposeB });
  }

  /** `scale * a + shift` of `[batch, channels, h, w]` with vectors `[channels]`: one pass, where Mul and Add take two. */
  channelAffine(a: string, scale: string, shift: string, channels: number): string {
    const mean = this.table(`${channels} zeros`, [channels], () => filled(channels, 0));
    const variance = this.table(`${channels} ones`, [channels], () => filled(channels, 1));
    return this.node('BatchNormalization', [a, scale, shift, mean, variance], { epsilon: float(0) });
  }

  /** A constant that is the same wherever its key is, and stored once. */
  table(key: string, shape: Shape, numbers: () => Float32Array): string {
    return this.once(key, () => this.constant(shape, numbers()));
  }
  /** What is the same wherever its key is, emitted where it is first asked for. */
  once(key: string, emit: () => string): string {
    const known = this.#emitted.get(key) ?? emit();
    this.#emitted.set(key, known);
    return known;
  }

  hardSigmoid(a: string, alpha: number, beta: number): string {
    return this.node('HardSigmoid', [a], { alpha: float(alpha), beta: float(beta) });
  }
  /** 1 where a > 0, else 0. A steep hard sigmoid costs a third of Greater + Where. */
  isPositive(a: string): string {
    return this.hardSigmoid(a, 1e30, 0);
  }

  convolution(inputs: readonly string[], attributes: ConvolutionAttributes, domain = ''): string {
    const { kernel, pads, group, strides = [1, 1], dilations = [1, 1], ...rest } = attributes;
    return this.node('Conv', inputs, { kernel_shape: kernel, pads, strides, dilations, group, ...rest }, domain);
  }
}

/** Always spelled out in full: some ONNX Runtime kernels do not apply the standard's defaults. */
export interface ConvolutionAttributes {
  readonly kernel: readonly [number, number];
  readonly pads: readonly [top: number, left: number, bottom: number, right: number];
  readonly group: number;
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  /** Of com.microsoft.nchwc's Conv: an activation fused into it. */
  readonly activation?: 'Relu';
}
