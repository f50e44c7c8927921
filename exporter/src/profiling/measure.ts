import { nodeRuntime } from '@easel/sdk/node';
import { Random } from '@easel/sdk/random';
import type { Session } from '@easel/sdk/runtime';
import { type Architecture, largestArchitecture, layersOf, parametersOf, type SearchSpace } from '@easel/sdk/space';
import { assemble, imageInput, normalizationsOf, type Supernet } from '@easel/sdk/subnet';
import { elementCount, type Tensor, tensor } from '@easel/sdk/tensor';

export interface MeasureOptions {
  readonly classes: number;
  readonly threads: number;
  /** Timed runs of every subnet, in `rounds` bursts. */
  readonly repeats: number;
  readonly rounds: number;
  /** Of a subnet's runs; low ones leave out interruptions. */
  readonly quantile: number;
  /** How many subnets are open at the same time. */
  readonly open: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface Measurements {
  /** One per architecture. */
  readonly latencyMs: readonly number[];
  /** Interquartile range over median of the reference subnet's runs. */
  readonly noise: number;
}

/**
 * Times whole subnets. Some are open at once and take turns in bursts, so that a noisy moment meets many of them a
 * little instead of one of them wholly; a reference subnet runs in every turn, and each group of subnets is scaled by how
 * much slower or faster the reference was then (throttling, other load).
 */
export async function measureLatencies(
  space: SearchSpace,
  architectures: readonly Architecture[],
  options: MeasureOptions,
): Promise<Measurements> {
  const supernet = randomSupernet(space, options.classes);
  const open = (architecture: Architecture) => Timer.open(supernet, architecture, options);
  const reference = await open(middleArchitecture(space));
  const latencies: number[] = [];
  const references: { readonly group: number; readonly runs: readonly number[] }[] = [];
  try {
    for (let start = 0; start < architectures.length; start += options.open) {
      const timers: Timer[] = [];
      try {
        const before = reference.runs.length;
        for (const architecture of architectures.slice(start, start + options.open)) {
          options.signal?.throwIfAborted();
          timers.push(await open(architecture));
        }
        for (let round = 0; round < options.rounds; round++) {
          await reference.burst(2 * Math.ceil(options.repeats / options.rounds));
          for (const timer of timers) {
            options.signal?.throwIfAborted();
            await timer.burst(Math.ceil(options.repeats / options.rounds));
          }
          const done = start + (timers.length * (round + 1)) / options.rounds;
          options.onProgress?.(Math.floor(done), architectures.length);
        }
        references.push({ group: timers.length, runs: reference.runs.slice(before) });
        latencies.push(...timers.map(({ runs }) => quantileOf(runs, options.quantile)));
      } finally {
        await Promise.all(timers.map((timer) => timer.close()));
      }
    }
  } finally {
    await reference.close();
  }
  const usual = quantileOf(reference.runs, options.quantile);
  const drifts = references.flatMap(({ group, runs }) => Array(group).fill(quantileOf(runs, options.quantile) / usual));
  const noise = (quantileOf(reference.runs, 0.75) - quantileOf(reference.runs, 0.25)) / quantileOf(reference.runs, 0.5);
  return { latencyMs: latencies.map((latency, i) => latency / (drifts[i] as number)), noise };
}

/** An opened subnet and the durations of its timed runs, in ms. */
class Timer {
  readonly runs: number[] = [];

  private constructor(
    readonly session: Session,
    readonly feeds: Readonly<Record<string, Tensor>>,
  ) {}

  static async open(
    supernet: Supernet,
    architecture: Architecture,
    { classes, threads }: { readonly classes: number; readonly threads: number },
  ): Promise<Timer> {
    const all = Array.from({ length: classes }, (_, index) => index);
    const session = await nodeRuntime.createSession(assemble(supernet, architecture, all), { threads });
    const { resolution } = architecture;
    const image = tensor([1, 3, resolution, resolution]);
    image.data.fill(0.5);
    const timer = new Timer(session, { [imageInput]: image });
    // The first runs allocate memory.
    for (let i = 0; i < 3; i++) await timer.session.run(timer.feeds);
    return timer;
  }

  async burst(runs: number): Promise<void> {
    // What ran in between has emptied the caches; a device classifies one image after the other.
    await this.session.run(this.feeds);
    for (let i = 0; i < runs; i++) {
      const start = performance.now();
      await this.session.run(this.feeds);
      this.runs.push(performance.now() - start);
    }
  }

  close(): Promise<void> {
    return this.session.dispose();
  }
}

/** Latency does not depend on what the weights are, as long as no activation becomes denormal. */
function randomSupernet(space: SearchSpace, classes: number): Supernet {
  const random = new Random(1);
  const draw = (shape: readonly number[], next: () => number) =>
    tensor(shape, Float32Array.from({ length: elementCount(shape) }, next));
  const weights = new Map(
    layersOf(space, largestArchitecture(space), classes)
      .flatMap(parametersOf)
      .map(({ name, shape }) => {
        const deviation = Math.sqrt(2 / elementCount(shape.slice(1)));
        const next = name.endsWith('.scale') ? () => 1 : () => (shape.length === 1 ? 0.1 : deviation) * random.normal();
        return [name, draw(shape, next)];
      }),
  );
  const statistics = new Map<string, Map<string, { mean: Tensor; variance: Tensor }>>();
  for (const { layer, key, channels } of normalizationsOf(space)) {
    const ofLayer = statistics.get(layer) ?? new Map<string, { mean: Tensor; variance: Tensor }>();
    statistics.set(layer, ofLayer);
    ofLayer.set(key, { mean: draw([channels], () => 0), variance: draw([channels], () => 1) });
  }
  return { space, weights, statistics };
}

/** Neither extreme: the middle one of every list of choices. */
function middleArchitecture(space: SearchSpace): Architecture {
  const middle = (values: readonly number[]) => values[values.length >> 1] as number;
  return {
    resolution: middle(space.resolutions),
    units: space.units.map((unit) =>
      Array.from({ length: middle(unit.depths) }, () => ({
        kernel: middle(unit.kernels),
        expandRatio: middle(unit.expandRatios),
      })),
    ),
  };
}

export function quantileOf(values: readonly number[], quantile: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] as number;
}
