import { Easel } from '@easel/sdk';
import { httpSource, webRuntime } from '@easel/sdk/web';
import { timeScenarios } from '../support/scenario-timing.js';
import { classifyFiles, timeInference, timeSpecialize } from '../support/subnet-timing.js';

const options = () => ({
  source: httpSource(new URL('/bundle', location.href), { cache: false }),
  runtime: webRuntime,
});

/** For a page in Chromium, where benchmarks call these by name. */
const measurements = {
  specialize: (count: number) => timeSpecialize(options(), count),
  async classify(names: readonly string[]) {
    const easel = await Easel.load('/bundle', { provider: 'wasm', cache: false });
    return classifyFiles(easel, (name) => `/images/${name}`, names);
  },
  async scenarios(devices: readonly string[], count: number, repeats: number) {
    const load = (device: string) => Easel.load('/bundle', { device, provider: 'wasm', cache: false });
    const easels: Easel[] = [];
    // One after the other: onnxruntime-web opens sessions one at a time.
    for (const device of devices) easels.push(await load(device));
    return timeScenarios(easels, count, repeats);
  },
  inference: (count: number, repeats: number) => timeInference(options(), count, repeats),
};

export type Measurements = typeof measurements;

Object.assign(globalThis, { measurements });
