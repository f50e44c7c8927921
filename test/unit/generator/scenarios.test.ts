import { perturbedDevice, randomClasses, randomScenario } from '@easel/exporter/generator';
import { Random } from '@easel/sdk/random';
import { architectureCost, largestArchitecture, type macsTable, smallestArchitecture } from '@easel/sdk/space';
import { expect } from 'chai';
import { decisions, source, space } from './synthetic.js';

describe('scenarios', () => {
  it('stay within the range of their device, and ask for two classes or more', () => {
    const random = new Random(11);
    for (let i = 0; i < 100; i++) {
      const { classes, latency, latencyMs } = randomScenario(source, random);
      expect(classes.length).to.be.greaterThan(1);
      expect([...classes]).to.deep.equal([...new Set(classes)].sort((a, b) => a - b));
      const cheapest = architectureCost(latency, decisions, smallestArchitecture(space));
      const dearest = architectureCost(latency, decisions, largestArchitecture(space));
      expect(latencyMs).to.be.within(Math.min(cheapest, dearest), Math.max(cheapest, dearest));
    }
  });

  it('ask for class sets of every size, from two classes to all of a hundred', () => {
    const random = new Random(12);
    const many = { ...source, classes: 100, tasks: [[0, 1]] };
    const sizes = new Set(Array.from({ length: 3000 }, () => randomClasses(many, random).length));
    for (const [from, to] of [
      [2, 2],
      [3, 5],
      [20, 30],
      [60, 80],
      [90, 100],
    ] as const) {
      expect(
        [...sizes].some((size) => size >= from && size <= to),
        `${from} to ${to}`,
      ).to.equal(true);
    }
    expect(Math.min(...sizes)).to.equal(2);
    expect(Math.max(...sizes)).to.be.lessThan(101);
    const two = new Set(Array.from({ length: 50 }, () => randomClasses({ ...many, classes: 2 }, random).length));
    expect([...two]).to.deep.equal([2]);
  });

  it('perturb a device reproducibly, and keep every cost positive', () => {
    const device = source.devices[0] as ReturnType<typeof macsTable>;
    const once = perturbedDevice(source, device, new Random(2));
    expect(perturbedDevice(source, device, new Random(2))).to.deep.equal(once);
    expect(once.blocks).to.not.deep.equal(device.blocks);
    expect(once.blocks.flat(2).every((cost) => cost > 0)).to.equal(true);
  });
});
