import type { Tensor } from '@easel/sdk/tensor';
import { tensor } from '@easel/sdk/tensor';

/** Sums the gradients of differently sliced subnets into arrays of the supernet's whole shapes. */
export class GradientSum {
  readonly tensors: ReadonlyMap<string, Tensor>;

  constructor(weights: ReadonlyMap<string, Tensor>) {
    this.tensors = new Map([...weights].map(([name, { shape }]) => [name, tensor(shape)]));
  }

  clear(): void {
    for (const { data } of this.tensors.values()) data.fill(0);
  }

  add(name: string, gradient: Tensor): void {
    const whole = this.tensors.get(name);
    if (!whole) throw new Error(`the supernet has no weight ${name}`);
    addSlice(whole, gradient);
  }
}

/** The adjoint of slicing: adds `part` to the prefix of axes 0 and 1 and the centre of axes 2 and 3 of `whole`. */
export function addSlice(whole: Tensor, part: Tensor): void {
  const [, inner = 1, height = 1, width = 1] = part.shape;
  const [, wholeInner = 1, wholeHeight = 1, wholeWidth = 1] = whole.shape;
  const top = (wholeHeight - height) >> 1;
  const left = (wholeWidth - width) >> 1;
  // Where rows line up, axes can be merged into long runs.
  const contiguous = wholeHeight === height && wholeWidth === width;
  const run = contiguous ? (wholeInner === inner ? part.data.length : inner * height * width) : width;
  const from = part.data;
  const to = whole.data;
  for (let start = 0; start < from.length; start += run) {
    const row = start / width;
    const y = row % height;
    const plane = (row - y) / height;
    const channel = plane % inner;
    const out = (plane - channel) / inner;
    const target = contiguous
      ? out * wholeInner * height * width
      : ((out * wholeInner + channel) * wholeHeight + top + y) * wholeWidth + left;
    for (let i = 0; i < run; i++) to[target + i] = (to[target + i] as number) + (from[start + i] as number);
  }
}
