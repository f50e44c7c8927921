/** Adam with decoupled weight decay (Kingma & Ba 2015; Loshchilov & Hutter 2019), for the generator's small network. */
export class Adam {
  readonly #first: ReadonlyMap<string, Float32Array>;
  readonly #second: ReadonlyMap<string, Float32Array>;
  #steps = 0;

  constructor(
    readonly parameters: ReadonlyMap<string, Float32Array>,
    readonly options: { readonly learningRate: number; readonly weightDecay: number },
  ) {
    this.#first = new Map([...parameters].map(([name, data]) => [name, new Float32Array(data.length)]));
    this.#second = new Map([...parameters].map(([name, data]) => [name, new Float32Array(data.length)]));
  }

  /** @param factor scales the learning rate: where the schedule stands */
  step(gradients: ReadonlyMap<string, Float32Array>, factor = 1): void {
    this.#steps++;
    const rate = this.options.learningRate * factor;
    const correction1 = 1 - 0.9 ** this.#steps;
    const correction2 = 1 - 0.999 ** this.#steps;
    for (const [name, weight] of this.parameters) {
      const gradient = gradients.get(name) as Float32Array;
      const m = this.#first.get(name) as Float32Array;
      const v = this.#second.get(name) as Float32Array;
      for (let i = 0; i < weight.length; i++) {
        const g = gradient[i] as number;
        m[i] = 0.9 * (m[i] as number) + 0.1 * g;
        v[i] = 0.999 * (v[i] as number) + 0.001 * g * g;
        const update = (m[i] as number) / correction1 / (Math.sqrt((v[i] as number) / correction2) + 1e-8);
        weight[i] = (weight[i] as number) * (1 - rate * this.options.weightDecay) - rate * update;
      }
    }
  }
}
