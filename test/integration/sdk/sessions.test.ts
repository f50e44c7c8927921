import { rm } from 'node:fs/promises';
import { writeBundle } from '@easel/exporter/bundle';
import { DisposedError, Easel } from '@easel/sdk';
import { nodeRuntime } from '@easel/sdk/node';
import { presetSpace, smallestArchitecture } from '@easel/sdk/space';
import { expect } from 'chai';
import { bundleClasses, randomBundleContents, writeRandomBundle } from '../../fixtures/bundle.js';
import { countSessions } from '../../fixtures/counted-sessions.js';
import { randomPredictor } from '../../fixtures/predictor.js';
import { rejection } from '../../fixtures/rejection.js';

const space = presetSpace('tiny-32');
const request = { tasks: ['pets'], budget: { latencyMs: 3 } };

describe('No session stays open', () => {
  let parent: string;
  /** Without and with a predictor. */
  let bundles: readonly [string, string];

  before(async () => {
    const { parent: folder, directory } = await writeRandomBundle(space);
    parent = folder;
    bundles = [directory, `${folder}/with-predictor`];
    await writeBundle(bundles[1], {
      ...randomBundleContents(space),
      predictor: randomPredictor(space, bundleClasses.length),
    });
  });

  after(() => rm(parent, { recursive: true }));

  it('where loading fails late', () =>
    countSessions(async (counts) => {
      const { version } = nodeRuntime;
      nodeRuntime.version = () => Promise.reject(new Error('no version'));
      try {
        await rejection(Easel.load(bundles[0], { device: 'slow-board' }), Error);
      } finally {
        nodeRuntime.version = version;
      }
      expect(counts.closed).to.equal(counts.opened);
    }));

  it('where loading is aborted, even while the last of it opens', () => {
    const controller = new AbortController();
    return countSessions(
      async (counts) => {
        const { signal } = controller;
        const { message } = await rejection(Easel.load(bundles[0], { signal }), Error);
        expect(message).to.equal('enough');
        expect(counts).to.deep.equal({ opened: 1, closed: 1 });
      },
      () => controller.abort(new Error('enough')),
    );
  });

  for (const [bundle, has] of ['no', 'a'].entries()) {
    it(`where Easel is disposed at any moment of specialize, with ${has} predictor`, async () => {
      const load = () => Easel.load(bundles[bundle] as string, { device: 'slow-board' });
      // The generator's session, then the others of specialize.
      const sessions = 2 + bundle;
      for (let moment = 2; moment <= sessions; moment++) {
        let disposing: Promise<void> | undefined;
        let easel: Easel | undefined;
        await countSessions(
          async (counts) => {
            easel = await load();
            const error = await rejection(easel.specialize(request), DisposedError);
            expect(error).to.have.property('code', 'DISPOSED');
            await disposing;
            expect(counts.opened).to.be.at.least(moment);
            expect(counts.closed).to.equal(counts.opened);
          },
          (opened) => {
            if (opened === moment) disposing = easel?.dispose();
          },
        );
      }
      await countSessions(async (counts) => {
        const easel = await load();
        const specializing = rejection(easel.specialize(request), DisposedError);
        await easel.dispose();
        expect((await specializing).message).to.equal('this Easel was disposed; create a new one');
        expect(counts.closed).to.equal(counts.opened);
      });
    });
  }

  it('where Easel is disposed while accuracies are predicted', () =>
    countSessions(async (counts) => {
      const easel = await Easel.load(bundles[1]);
      const predicting = rejection(easel.predict({ tasks: ['pets'] }, [smallestArchitecture(space)]), DisposedError);
      await easel.dispose();
      await predicting;
      expect(counts.closed).to.equal(counts.opened);
    }));
});
