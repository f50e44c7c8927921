import { ops } from '@easel/exporter/engine';
import { expect } from 'chai';
import { prepare } from './case.js';
import { opCases } from './cases/ops.js';

describe('ops', () => {
  const registry = Object.entries(ops).filter(([, exported]) => typeof exported === 'object');
  const nodes = opCases.flatMap((testCase) => prepare(testCase, 1).program.graph.nodes);

  for (const [name, op] of registry) {
    it(`${name} bears its own name and has a case in the conformance suite`, () => {
      expect(op).to.have.property('name', name);
      expect(nodes.some((node) => node.op === op)).to.equal(true);
    });
  }
});
