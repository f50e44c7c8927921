import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeBundle } from '@easel/exporter/bundle';
import { toTensor } from '@easel/exporter/data';
import { openEngine } from '@easel/exporter/engine';
import { collectStatistics } from '@easel/exporter/supernet';
import { Easel } from '@easel/sdk';
import { loadBundle } from '@easel/sdk/bundle';
import { BundleError, InvalidRequestError } from '@easel/sdk/errors';
import { directorySource, nodeRuntime } from '@easel/sdk/node';
import { Random } from '@easel/sdk/random';
import { type Architecture, presetSpace, randomArchitecture } from '@easel/sdk/space';
import { assemble } from '@easel/sdk/subnet';
import { expect } from 'chai';
import { bundleClasses, randomBundleContents, withDirectory } from '../../fixtures/bundle.js';

const space = presetSpace('tiny-32');
const images = 24;
const random = new Random(5);
const bytes = Uint8Array.from({ length: images * 32 * 32 * 3 }, (_, i) => 80 * (i % 3) + random.integer(90));
const contents = { ...randomBundleContents(space), calibration: { images, resolution: 32, bytes } };
const insects = { tasks: ['insects'] };

describe('specialize: recalibrate', function () {
  this.timeout(120_000);

  it('takes the statistics that training would take from the same images', () =>
    withDirectory(async (parent) => {
      const directory = join(parent, 'bundle');
      await writeBundle(directory, contents);
      const { manifest, supernet } = await loadBundle(directorySource(directory));
      const architecture = randomArchitecture(space, new Random(3));
      const { engine } = await openEngine({ threads: 1 });
      const statistics = await collectStatistics(supernet.weights, [{ architecture, visits: 1 }], {
        space,
        classes: bundleClasses.length,
        batch: images,
        engine,
        images: (resolution) => toTensor(bytes, images, 32, manifest.preprocessing, undefined, resolution),
      });
      const expected = assemble({ ...supernet, statistics }, architecture, [0, 1]);

      const easel = await Easel.load(directory);
      const shipped = await easel.specialize({ ...insects, architecture });
      const recalibrated = await easel.specialize({ ...insects, architecture, recalibrate: true });
      const again = await easel.specialize({ ...insects, architecture, recalibrate: true });
      const image = { data: bytes.subarray(0, 3072), width: 32, height: 32, channels: 3 } as const;
      const probability = async (classifier: typeof shipped) =>
        (await classifier.classify(image)).find(({ className }) => className === 'ant')?.probability as number;
      const session = await nodeRuntime.createSession(expected);
      const { logits } = await session.run({
        image: toTensor(bytes, 1, 32, manifest.preprocessing, undefined, architecture.resolution),
      });
      const [ant, bee] = (logits as { data: Float32Array }).data as unknown as [number, number];
      const wanted = 1 / (1 + Math.exp(bee - ant));
      expect(await probability(recalibrated)).closeTo(wanted, 1e-3);
      expect(await probability(again)).to.equal(await probability(recalibrated));
      expect(Math.abs((await probability(shipped)) - wanted)).to.be.above(1e-3);
      expect(recalibrated.toOnnx()).not.to.deep.equal(shipped.toOnnx());
      expect(recalibrated.toOnnx()).to.deep.equal(again.toOnnx());
      await Promise.all([shipped, recalibrated, again, session, easel].map((each) => each.dispose()));
    }));

  it('remembers what it measured last, not everything', () =>
    withDirectory(async (parent) => {
      await writeBundle(join(parent, 'bundle'), contents);
      const easel = await Easel.load(join(parent, 'bundle'), { idleSubnets: 0 });
      const { createSession } = nodeRuntime;
      let opened = 0;
      nodeRuntime.createSession = (...request) => {
        opened++;
        return createSession.apply(nodeRuntime, request);
      };
      const sessionsFor = async (architecture: Architecture) => {
        const before = opened;
        await (await easel.specialize({ ...insects, architecture, recalibrate: true })).dispose();
        return opened - before;
      };
      try {
        const seeds = Array.from({ length: 65 }, (_, i) => 100 + i);
        const [first, ...others] = seeds.map((seed) => randomArchitecture(space, new Random(seed)));
        const measuring = await sessionsFor(first as Architecture);
        expect(measuring).to.be.above(1);
        expect(await sessionsFor(first as Architecture)).to.equal(1);
        for (const architecture of others) await sessionsFor(architecture);
        expect(await sessionsFor(others.at(-1) as Architecture)).to.equal(1);
        expect(await sessionsFor(first as Architecture)).to.equal(measuring);
      } finally {
        nodeRuntime.createSession = createSession;
        await easel.dispose();
      }
    }));

  it('says so where a bundle holds no calibration images, or others than it lists', () =>
    withDirectory(async (parent) => {
      const { calibration: _, ...bare } = contents;
      await writeBundle(join(parent, 'bare'), bare);
      const easel = await Easel.load(join(parent, 'bare'));
      const request = { ...insects, budget: { macs: 1e9 }, recalibrate: true };
      const error = await easel.specialize(request).catch((e) => e);
      expect(error).instanceOf(InvalidRequestError).property('message').include('--calibration-images');
      await easel.dispose();

      await writeBundle(join(parent, 'altered'), contents);
      await writeFile(join(parent, 'altered', 'calibration.rgb'), bytes.subarray(1));
      const other = await Easel.load(join(parent, 'altered'));
      const altered = await other.specialize(request).catch((e) => e);
      expect(altered).instanceOf(BundleError).property('file').equal('calibration.rgb');
      await other.dispose();
    }));
});
