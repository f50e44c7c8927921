import { modelBytesTable } from '@easel/sdk/generator';
import { Random } from '@easel/sdk/random';
import {
  architectureCost,
  decisionsOf,
  largestArchitecture,
  presetSpace,
  randomArchitecture,
  smallestArchitecture,
} from '@easel/sdk/space';
import { assemble } from '@easel/sdk/subnet';
import { expect } from 'chai';
import { randomSupernet, tinyMobileNetV3 } from '../../fixtures/random-supernet.js';

describe('modelBytesTable', () => {
  for (const space of [presetSpace('tiny-32'), tinyMobileNetV3]) {
    it(`bounds the size of assembled models from above, closely: ${space.name}`, () => {
      const random = new Random(9);
      const supernet = randomSupernet(space, 7, random);
      const classes = [0, 2, 3, 6];
      const table = modelBytesTable(space, classes.length);
      const decisions = decisionsOf(space);
      const architectures = [smallestArchitecture(space), largestArchitecture(space)];
      for (let i = 0; i < 8; i++) architectures.push(randomArchitecture(space, random));
      for (const architecture of architectures) {
        const bound = architectureCost(table, decisions, architecture);
        const { length } = assemble(supernet, architecture, classes);
        expect(length).to.be.at.most(bound);
        expect(bound - length).to.be.at.most(4000);
      }
    });
  }
});
