import { ShapeError } from '../errors.js';
import type { Op, Shape } from '../graph.js';

/** The weights of a narrower choice: a prefix of the first two axes and a centre crop of the others (the kernel). */
export const sliceWeight: Op<{ readonly shape: Shape }> = {
  name: 'sliceWeight',
  shapes([full], { shape }) {
    if (full?.length !== shape.length || shape.some((extent, axis) => extent > (full[axis] as number))) {
      throw new ShapeError('sliceWeight', [full as Shape, shape], 'a full shape that holds the wanted one');
    }
    return [shape];
  },
  emit(e, { inputs: [full], shapes: [fullShape], attributes: { shape } }) {
    const axes = shape.flatMap((extent, axis) => (extent === fullShape?.[axis] ? [] : [axis]));
    if (axes.length === 0) return [full as string];
    const starts = startsOf(fullShape as Shape, shape);
    return [
      e.slice(
        full as string,
        axes.map((axis) => starts[axis] as number),
        axes.map((axis) => (starts[axis] as number) + (shape[axis] as number)),
        axes,
      ),
    ];
  },

  gradient(e, { shapes: [fullShape], attributes: { shape }, gradient }) {
    const starts = startsOf(fullShape as Shape, shape);
    const ends = starts.map((start, axis) => (fullShape?.[axis] as number) - start - (shape[axis] as number));
    return [e.pad(gradient, [...starts, ...ends])];
  },
};

function startsOf(full: Shape, shape: Shape): number[] {
  return full.map((extent, axis) => (axis < 2 ? 0 : (extent - (shape[axis] as number)) >> 1));
}
