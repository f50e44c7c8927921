import { openWebGpu } from '@easel/exporter/engine';
import type { Case } from './case.js';
import { blockCases } from './cases/blocks.js';
import { layerCases } from './cases/layers.js';
import { networkCases } from './cases/networks.js';
import { opCases } from './cases/ops.js';
import { check } from './conformance.js';
import { startOracle } from './oracle.js';

/**
 * The conformance suite on WebGPU, on small shapes. Not run by itself: test/integration/engine/webgpu.test.ts starts it in a
 * process that finds a Vulkan driver.
 */
const { engine } = await openWebGpu();

/** Every compilation and every run take the software adapter long: convolutions of each kind once, all other ops. */
const convolutions =
  /^(dense|depthwise) (1x1 stride 1 on 8x6|3x3 stride 2 on 7x9|5x5 stride 1 on 10x12|7x7 stride 2 on 11x9), (5|11|3) /;
const ops = opCases.filter(({ name }) => convolutions.test(name) || !/^(dense|depthwise)/.test(name));
const layers = layerCases.filter(({ name }) => /3x3 stride 2 on 8x6, (batch|frozen) norm, relu, apart/.test(name));

const groups: Readonly<Record<string, readonly Case[]>> = {
  ops,
  layers,
  blocks: blockCases.filter(({ name }) => name.includes('hswish, squeeze-excite')).slice(0, 1),
  networks: networkCases.slice(0, 1),
};

describe(`engine ${engine.name}`, () => {
  before(startOracle);
  for (const [group, cases] of Object.entries(groups)) {
    describe(group, () => {
      // Its own forward pass is compared with the oracle's; finite differences of it would only cost time.
      for (const testCase of cases) {
        it(testCase.name, () => check({ ...testCase, differences: 'none', eachAlone: false }, engine));
      }
    });
  }
});
