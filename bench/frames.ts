import { setTimeout } from 'node:timers/promises';
import { type Classifier, Easel } from '@easel/sdk';
import { quantileOf } from '@easel/sdk/profiling';
import { largestArchitecture } from '@easel/sdk/space';
import { type Benchmark, median, rounded } from './benchmark.js';
import { parseFlags, wholeNumber } from './support/flags.js';

const warmUp = 30;

export const benchmark: Benchmark = {
  summary: "inferences at a camera's pace against one after the other, with one thread and with several; in Node",

  async run(args) {
    const values = parseFlags(args, {
      bundle: { type: 'string', default: 'examples/bundles/cifar10' },
      threads: { type: 'string', default: '2' },
      'every-ms': { type: 'string', default: '33' },
      frames: { type: 'string', default: '300' },
    });
    const everyMs = wholeNumber('every-ms', values['every-ms']);
    const frames = wholeNumber('frames', values.frames);
    const counts = [1, wholeNumber('threads', values.threads, 2)];
    console.log(`the largest subnet of ${values.bundle}, ${frames} frames, one every ${everyMs} ms:`);
    const easels = await Promise.all(counts.map((threads) => Easel.load(values.bundle, { threads })));
    const classifiers = await Promise.all(
      easels.map((easel) =>
        easel.specialize({ classes: easel.classes, architecture: largestArchitecture(easel.space) }),
      ),
    );
    const { resolution } = (classifiers[0] as Classifier).architecture;
    const image = {
      data: new Uint8Array(resolution * resolution * 3).fill(100),
      width: resolution,
      height: resolution,
      channels: 3,
    } as const;
    const timed = async (classifier: Classifier) => {
      const start = performance.now();
      await classifier.classify(image);
      return performance.now() - start;
    };
    const paced = classifiers.map((): number[] => []);
    const following = classifiers.map((): number[] => []);
    for (let frame = 0; frame < warmUp + frames; frame++) {
      // In turn, so that both meet the same moments of the machine.
      for (const [i, classifier] of classifiers.entries()) {
        await setTimeout(everyMs);
        const time = await timed(classifier);
        if (frame >= warmUp) paced[i]?.push(time);
      }
    }
    for (const [i, classifier] of classifiers.entries()) {
      for (let run = 0; run < warmUp + frames; run++) {
        const time = await timed(classifier);
        if (run >= warmUp) following[i]?.push(time);
      }
    }
    await Promise.all(easels.map((easel) => easel.dispose()));
    const results = counts.map((threads, i) => {
      const times = paced[i] as number[];
      const result = {
        threads,
        p50: rounded(median(times)),
        p90: rounded(quantileOf(times, 0.9)),
        p99: rounded(quantileOf(times, 0.99)),
        one_after_the_other: rounded(median(following[i] as number[])),
      };
      console.log(
        `  ${threads} thread(s): half within ${result.p50} ms, nine in ten within ${result.p90}, 99 % within ` +
          `${result.p99}; one after the other ${result.one_after_the_other}`,
      );
      return result;
    });
    return { every_ms: everyMs, frames, results };
  },
};
