import type { Emitter } from '../emitter.js';
import { ShapeError } from '../errors.js';
import type { Op, Shape } from '../graph.js';

/** Elementwise product; either side may broadcast by ONNX's (NumPy's) rule, as a channel gate `[b, c, 1, 1]` does. */
export const multiply: Op<Record<string, never>> = {
  name: 'multiply',
  shapes([a, b]) {
    return [broadcast(a as Shape, b as Shape)];
  },
  emit: (e, { inputs }) => [e.multiply(inputs[0] as string, inputs[1] as string)],
  gradient(e, { inputs, shapes, outputShapes, gradient, needed }) {
    const [a, b] = inputs as [string, string];
    return [
      needed[0] ? sumTo(e, e.multiply(gradient, b), outputShapes[0] as Shape, shapes[0] as Shape) : undefined,
      needed[1] ? sumTo(e, e.multiply(gradient, a), outputShapes[0] as Shape, shapes[1] as Shape) : undefined,
    ];
  },
};

function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[a.length - rank + i] ?? 1;
    const right = b[b.length - rank + i] ?? 1;
    if (left !== right && left !== 1 && right !== 1) throw new ShapeError('multiply', [a, b], 'broadcastable shapes');
    return Math.max(left, right);
  });
}

/** The gradient of broadcasting: sums over the axes along which the value was repeated. */
export function sumTo(e: Emitter, value: string, from: Shape, to: Shape): string {
  const missing = from.length - to.length;
  const axes = from.flatMap((extent, axis) => ((to[axis - missing] ?? 1) === 1 && extent !== 1 ? [axis] : []));
  if (axes.length === 0 && missing === 0) return value;
  return e.reshape(axes.length > 0 ? e.reduceSum(value, axes) : value, to);
}
