import type { Runtime } from '@easel/sdk/runtime';

/**
 * A device with a clock of its own: a model of n bytes takes n / 1000 ms, times whatever `weather` says at that time.
 * What is tested against it is arithmetic; that real devices are measured well is tested on real ones.
 */
export class SimulatedDevice implements Pick<Runtime, 'createSession'> {
  time = 0;
  open = 0;
  mostOpen = 0;
  readonly now = () => this.time;

  constructor(readonly weather: (time: number) => number = () => 1) {}

  async createSession(model: Uint8Array) {
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
    return {
      run: async () => {
        this.time += (model.length / 1000) * this.weather(this.time);
        return {};
      },
      dispose: async () => {
        this.open--;
      },
    };
  }
}
