import { type BundleSource, Easel, type Result } from '@easel/sdk';
import { loadBundle } from '@easel/sdk/bundle';
import { Random } from '@easel/sdk/random';
import type { Runtime } from '@easel/sdk/runtime';
import { largestArchitecture, randomArchitecture, smallestArchitecture } from '@easel/sdk/space';
import { assemble } from '@easel/sdk/subnet';
import { type Tensor, tensor } from '@easel/sdk/tensor';
import { plainSubnet } from './plain-subnet.js';

/** What `specialize` and `inference` measure; the same code runs in Node and in a page. */
export interface TimingOptions {
  readonly source: BundleSource;
  readonly runtime: Runtime;
}

const warmUp = 5;
const image = { data: new Uint8Array(32 * 32 * 3).fill(100), width: 32, height: 32, channels: 3 } as const;

/**
 * For each of `count` different requests, in turn: from `specialize` to the first result; ONNX Runtime alone opening the
 * very same model and running it once; and `specialize` for a subnet that was left open. All in ms.
 */
export async function timeSpecialize({ source, runtime }: TimingOptions, count: number) {
  const easel = await Easel.load(source, { idleSubnets: 1, provider: 'auto' });
  const { provider } = easel.execution;
  const random = new Random(1);
  const [specialized, opened, returned]: [number[], number[], number[]] = [[], [], []];
  const known = new Set<string>();
  while (specialized.length < warmUp + count) {
    const tasks = random.shuffle(Object.keys(easel.tasks)).slice(0, 1 + random.integer(2));
    const request = { tasks, budget: { macs: random.uniform(4.5e6, 26e6) } };
    const [architecture] = await easel.architectures([request]);
    const key = JSON.stringify([architecture, tasks]);
    if (known.has(key)) continue;
    known.add(key);

    let start = performance.now();
    const classifier = await easel.specialize(request);
    await classifier.classify(image);
    specialized.push(performance.now() - start);
    const model = classifier.toOnnx();
    await classifier.dispose();

    const { resolution } = classifier.architecture;
    start = performance.now();
    const session = await runtime.createSession(model, { provider, threads: 1 });
    await session.run({ image: tensor([1, 3, resolution, resolution]) });
    opened.push(performance.now() - start);
    await session.dispose();

    start = performance.now();
    const again = await easel.specialize(request);
    returned.push(performance.now() - start);
    await again.dispose();
  }
  await easel.dispose();
  const timed = (values: number[]) => values.slice(warmUp);
  return { specialized: timed(specialized), opened: timed(opened), returned: timed(returned) };
}

/**
 * One inference of assembled subnets and of the same networks as a training framework exports them (batch norm as nodes,
 * weights as constants), run in turn. Per architecture: median ms of both, and the greatest difference of logits.
 */
export async function timeInference({ source, runtime }: TimingOptions, count: number, repeats: number) {
  await runtime.start({ provider: 'auto' });
  const { supernet, manifest } = await loadBundle(source);
  const { space, classes } = manifest;
  const random = new Random(2);
  const all = classes.map((_, index) => index);
  const architectures = [
    smallestArchitecture(space),
    largestArchitecture(space),
    ...Array.from({ length: Math.max(0, count - 2) }, () => randomArchitecture(space, random)),
  ];
  const results = [];
  for (const architecture of architectures) {
    const { resolution } = architecture;
    const shape = [1, 3, resolution, resolution];
    const input = tensor(
      shape,
      Float32Array.from({ length: 3 * resolution * resolution }, () => random.normal()),
    );
    const assembled = await runtime.createSession(assemble(supernet, architecture, all));
    const plain = await runtime.createSession(plainSubnet(supernet, architecture, classes.length));
    const times: [number[], number[]] = [[], []];
    const logits: Tensor[] = [];
    for (let repeat = 0; repeat < warmUp + repeats; repeat++) {
      // Who goes first changes, so that neither always finds the caches that the other left.
      for (const which of repeat % 2 === 0 ? [0, 1] : [1, 0]) {
        const start = performance.now();
        const outputs = await (which === 0 ? assembled : plain).run({ image: input });
        const time = performance.now() - start;
        logits[which] = outputs.logits as Tensor;
        if (repeat >= warmUp) times[which]?.push(time);
      }
    }
    await assembled.dispose();
    await plain.dispose();
    const [ours, theirs] = logits as [Tensor, Tensor];
    const difference = Math.max(...ours.data.map((value, i) => Math.abs(value - (theirs.data[i] as number))));
    results.push({ assembled: times[0], plain: times[1], difference });
  }
  return results;
}

/** The most probable class of every image, by the largest subnet for all classes. */
export async function classifyFiles(easel: Easel, place: (name: string) => string, names: readonly string[]) {
  const classifier = await easel.specialize({ classes: easel.classes, architecture: largestArchitecture(easel.space) });
  const results: Result[] = [];
  for (const name of names) results.push((await classifier.classify(place(name)))[0] as Result);
  await classifier.dispose();
  return results;
}
