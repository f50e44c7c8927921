import type { Emitter } from '../emitter.js';
import type { Op, Shape } from '../graph.js';

interface Rule {
  forward(e: Emitter, x: string): string;
  gradient(e: Emitter, x: string, y: string, gradient: string): string;
}

const rules = {
  relu: {
    forward: (e, x) => e.node('Relu', [x]),
    gradient: (e, _x, y, gradient) => e.multiply(gradient, e.isPositive(y)),
  },
  /** x * clip(x / 6 + 1/2, 0, 1); Howard et al. 2019 (MobileNetV3). */
  hswish: {
    forward: (e, x) => e.multiply(x, e.hardSigmoid(x, 1 / 6, 0.5)),
    // Inside (-3, 3) the slope is x/3 + 1/2, that is gate + x/6; outside it is the gate: 0 or 1.
    gradient: (e, x, _y, gradient) => {
      const gate = e.hardSigmoid(x, 1 / 6, 0.5);
      return e.multiply(gradient, e.add(gate, e.multiply(e.scale(x, 1 / 6), insideRamp(e, gate))));
    },
  },
  /** clip(x / 6 + 1/2, 0, 1): the gate of squeeze-excite. */
  hardSigmoid: {
    forward: (e, x) => e.hardSigmoid(x, 1 / 6, 0.5),
    gradient: (e, _x, y, gradient) => e.multiply(gradient, e.scale(insideRamp(e, y), 1 / 6)),
  },
} satisfies Record<string, Rule>;

/** 1 where 0 < gate < 1, else 0. */
function insideRamp(e: Emitter, gate: string): string {
  return e.isPositive(e.multiply(gate, e.subtract(e.scalar(1), gate)));
}

export type ActivationName = keyof typeof rules;

/** An elementwise nonlinearity of any shape. */
export const activation: Op<{ readonly kind: ActivationName }> = {
  name: 'activation',
  shapes: ([x]) => [x as Shape],
  emit: (e, { inputs, attributes }) => [rules[attributes.kind].forward(e, inputs[0] as string)],
  gradient: (e, { inputs, outputs, attributes, gradient }) => [
    rules[attributes.kind].gradient(e, inputs[0] as string, outputs[0] as string, gradient),
  ],
};
