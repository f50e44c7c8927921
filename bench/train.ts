import { availableParallelism } from 'node:os';
import { type Lowering, onnxEngine, portable, selectLowering } from '@easel/exporter/engine';
import { defaultTrainingOptions } from '@easel/exporter/training';
import { Random } from '@easel/sdk/random';
import {
  largestArchitecture,
  presetSpace,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
  type Unit,
} from '@easel/sdk/space';
import { type Benchmark, median, rounded } from './benchmark.js';
import { parseFlags, wholeNumber } from './support/flags.js';
import { type Layout, PyTorch, type StepTime } from './support/pytorch.js';
import { type TrainingStep, trainingStep } from './support/training-step.js';

const units = [
  { channels: 40, stride: 2, depths: [3] },
  { channels: 64, stride: 2, depths: [3] },
  { channels: 96, stride: 1, depths: [2] },
] satisfies Pick<Unit, 'channels' | 'stride' | 'depths'>[];

/** One network, the same as in support/pytorch-train.py: 0.36 M parameters, 100 classes. */
const network: SearchSpace = {
  name: 'bench-train',
  version: 1,
  resolutions: [32],
  stem: { channels: 24, stride: 1, activation: 'relu' },
  units: units.map((unit) => ({
    ...unit,
    kernels: [5],
    expandRatios: [4],
    activation: 'relu',
    squeezeExcite: false,
  })),
  head: { channels: 384, activation: 'relu' },
};

const randomSubnets = 6;

export const benchmark: Benchmark = {
  summary: 'training steps: this engine and PyTorch in turn; subnets at their own cost',

  async run(args) {
    const values = parseFlags(args, {
      batch: { type: 'string', default: '64' },
      'subnet-batch': { type: 'string', default: String(defaultTrainingOptions.batchSize) },
      rounds: { type: 'string', default: '4' },
      steps: { type: 'string', default: '12' },
      threads: { type: 'string', default: String(availableParallelism()) },
      space: { type: 'string', default: 'mobile-32' },
    });
    const count = (name: keyof typeof values) => wholeNumber(name, values[name] as string);
    const settings = {
      batch: count('batch'),
      rounds: count('rounds'),
      steps: count('steps'),
      threads: count('threads'),
    };
    const { lowering, reason } = await selectLowering();
    console.log(`lowering ${lowering.name}: ${reason}`);
    console.log(`batches of ${settings.batch}, ${settings.threads} threads`);
    const compared = await compareEngines(settings);
    const subnets = await compareSubnets(presetSpace(values.space), { ...settings, batch: count('subnet-batch') });
    return { ...compared, lowering: lowering.name, ...subnets };
  },
};

interface Settings {
  readonly batch: number;
  readonly rounds: number;
  readonly steps: number;
  readonly threads: number;
}

/** Runs a few steps and says how long each took. */
type Contestant = (steps: number) => Promise<readonly StepTime[]>;

/** Images per second, by the clock and per second of CPU. */
interface Rate {
  readonly clock: number;
  readonly cpu: number;
}

async function compareEngines({ batch, rounds, steps, threads }: Settings): Promise<Record<string, number | null>> {
  const { lowering } = await selectLowering();
  const architecture = largestArchitecture(network);
  const compile = (wanted: Lowering) =>
    trainingStep({
      space: network,
      architecture,
      classes: 100,
      batch,
      engine: onnxEngine({ lowering: wanted, threads }),
    });
  const [ours, reference] = [await compile(lowering), await compile(portable)];
  const pytorch = await PyTorch.start(batch, threads);
  const contestants: Record<string, Contestant> = {
    [lowering.name]: (n) => timed(ours, n),
    ...(lowering === portable ? {} : { portable: (n: number) => timed(reference, n) }),
  };
  if (typeof pytorch === 'string') {
    console.log(`PyTorch is not here (${pytorch}): this engine alone. On Debian: apt install python3-torch`);
  } else {
    console.log(`PyTorch ${pytorch.version}`);
    for (const layout of ['channels_last', 'nchw'] satisfies Layout[]) {
      contestants[`PyTorch ${layout}`] = (n) => pytorch.train(layout, n);
    }
  }
  try {
    const rates = await inTurn(contestants, batch, rounds, steps);
    const rate = rates[lowering.name] as Rate;
    const channelsLast = rates['PyTorch channels_last'];
    const nchw = rates['PyTorch nchw'];
    const portableRate = rates.portable ?? rate;
    const ratio = (own: Rate, of: keyof Rate) => (channelsLast ? rounded(own[of] / channelsLast[of], 2) : null);
    return {
      images_per_s: rounded(rate.clock, 1),
      pytorch_channels_last: channelsLast ? rounded(channelsLast.clock, 1) : null,
      ratio: ratio(rate, 'clock'),
      pytorch_nchw: nchw ? rounded(nchw.clock, 1) : null,
      portable: rounded(portableRate.clock, 1),
      portable_ratio: ratio(portableRate, 'clock'),
      // Other work on the machine changes these less; with --threads 1 nobody's waiting counts.
      images_per_cpu_s: rounded(rate.cpu, 1),
      cpu_ratio: ratio(rate, 'cpu'),
      portable_cpu_ratio: ratio(portableRate, 'cpu'),
    };
  } finally {
    if (typeof pytorch !== 'string') pytorch.stop();
    await Promise.all([ours.dispose(), reference.dispose()]);
  }
}

async function compareSubnets(space: SearchSpace, settings: Settings): Promise<Record<string, number>> {
  const { batch, rounds, steps, threads } = settings;
  const { lowering } = await selectLowering();
  const engine = onnxEngine({ lowering, threads });
  const random = new Random(1);
  const architectures = {
    largest: largestArchitecture(space),
    smallest: smallestArchitecture(space),
    ...Object.fromEntries(
      Array.from({ length: randomSubnets }, (_, i) => [`random ${i + 1}`, randomArchitecture(space, random)]),
    ),
  };
  console.log(`subnets of ${space.name}, batches of ${batch}:`);
  const compiled: Record<string, TrainingStep> = {};
  try {
    for (const [name, architecture] of Object.entries(architectures)) {
      compiled[name] = await trainingStep({ space, architecture, classes: 100, batch, engine });
    }
    const contestants = Object.fromEntries(
      Object.entries(compiled).map(([name, step]): [string, Contestant] => [name, (n) => timed(step, n)]),
    );
    const rates = await inTurn(contestants, batch, rounds, steps);
    const ofRandom = Object.entries(rates).flatMap(([name, rate]) => (name.startsWith('random') ? [rate.clock] : []));
    const { largest, smallest } = rates as { largest: Rate; smallest: Rate };
    return {
      largest: rounded(largest.clock, 1),
      // As many images of each.
      random_mean: rounded(ofRandom.length / ofRandom.reduce((sum, rate) => sum + 1 / rate, 0), 1),
      smallest: rounded(smallest.clock, 1),
      smallest_to_largest: rounded(smallest.clock / largest.clock, 2),
      smallest_to_largest_cpu: rounded(smallest.cpu / largest.cpu, 2),
    };
  } finally {
    await Promise.all(Object.values(compiled).map((step) => step.dispose()));
  }
}

async function timed(step: TrainingStep, steps: number): Promise<readonly StepTime[]> {
  const measured: StepTime[] = [];
  for (let i = 0; i < steps; i++) {
    const [started, before] = [performance.now(), process.cpuUsage()];
    await step.run();
    const { user, system } = process.cpuUsage(before);
    measured.push({ seconds: (performance.now() - started) / 1000, cpuSeconds: (user + system) / 1e6 });
  }
  return measured;
}

/** Of each by the median step, in rounds, so that what disturbs the machine disturbs all. */
async function inTurn(
  contestants: Readonly<Record<string, Contestant>>,
  batch: number,
  rounds: number,
  steps: number,
): Promise<Record<string, Rate>> {
  const rateOf = (measured: readonly StepTime[]): Rate => ({
    clock: batch / median(measured.map(({ seconds }) => seconds)),
    cpu: batch / median(measured.map(({ cpuSeconds }) => cpuSeconds)),
  });
  const all = new Map<string, StepTime[]>(Object.keys(contestants).map((name) => [name, []]));
  for (const run of Object.values(contestants)) await run(2);
  for (let round = 0; round < rounds; round++) {
    const line: string[] = [];
    for (const [name, run] of Object.entries(contestants)) {
      // The first step of a turn finds the caches and the threads of the one before.
      const measured = (await run(steps + 1)).slice(1);
      all.get(name)?.push(...measured);
      line.push(`${name} ${rateOf(measured).clock.toFixed(0)}`);
    }
    console.log(`  round ${round + 1}, images/s: ${line.join(', ')}`);
  }
  return Object.fromEntries([...all].map(([name, measured]) => [name, rateOf(measured)]));
}
