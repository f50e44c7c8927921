import {
  type Engine,
  gradientName,
  type Lowering,
  onnxEngine,
  type Program,
  type Results,
} from '@easel/exporter/engine';
import type { Tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';
import { type Case, type Prepared, prepareSmooth } from './case.js';
import { blockCases } from './cases/blocks.js';
import { layerCases } from './cases/layers.js';
import { networkCases } from './cases/networks.js';
import { opCases } from './cases/ops.js';
import { stemCases } from './cases/stems.js';
import { wiringCases } from './cases/wiring.js';
import { compareWithDifferences } from './differences.js';
import { norm, relativeError } from './numerics.js';
import { closestKink, oracle, startOracle } from './oracle.js';

const tolerance = 1e-4;

/**
 * What every lowering must pass: forward values and gradients of each op, of fused layers, blocks and networks, against
 * TensorFlow.js and against finite differences of the lowering's own forward pass.
 */
export function describeConformance(lowering: Lowering): void {
  const engine = onnxEngine({ lowering, threads: 1 });
  describe(`lowering ${lowering.name}`, () => {
    before(startOracle);

    const groups: Readonly<Record<string, readonly Case[]>> = {
      ops: opCases,
      layers: layerCases,
      stems: stemCases,
      blocks: blockCases,
      wiring: wiringCases,
      networks: networkCases,
    };
    for (const [group, cases] of Object.entries(groups)) {
      describe(group, () => {
        for (const testCase of cases) it(testCase.name, () => check(testCase, engine));
      });
    }
  });
}

/** @throws AssertionError that names what differs */
export async function check(testCase: Case, engine: Engine): Promise<void> {
  const { prepared, expected } = await solve(testCase);
  const { program, feeds } = prepared;
  const floor = (testCase.floor ?? 0) * largestGradient(program, expected);
  const actual = await execute(program, feeds, engine);
  compare(actual, expected, floor);
  if (testCase.eachAlone) {
    for (const [name, value] of Object.entries(program.gradients)) {
      const alone = await execute({ ...program, outputs: {}, gradients: { [name]: value } }, feeds, engine);
      const wanted = gradientName(name);
      compare(alone, { [wanted]: expected[wanted] as Tensor }, floor, 'wanted alone: ');
    }
  }
  const problems = await compareWithDifferences(testCase.differences ?? 'any', prepared, actual, engine);
  if (problems.length > 0) expect.fail(`finite differences: ${problems.join('; ')}`);
}

const solved = new Map<Case, Promise<{ prepared: Prepared; expected: Results }>>();

/** The case's numbers and what should come out, computed once for all lowerings. */
function solve(testCase: Case) {
  const known = solved.get(testCase);
  if (known) return known;
  const solution = prepareSmooth(testCase, closestKink).then(async (prepared) => ({
    prepared,
    expected: await oracle(prepared),
  }));
  solved.set(testCase, solution);
  return solution;
}

async function execute(program: Program, feeds: ReadonlyMap<string, Float32Array>, engine: Engine) {
  const executable = await engine.compile(program);
  try {
    return await executable.run(feeds);
  } finally {
    await executable.dispose();
  }
}

function largestGradient(program: Program, results: Results): number {
  const norms = Object.keys(program.gradients ?? {}).map((name) => norm(results[gradientName(name)]?.data ?? []));
  return Math.max(0, ...norms);
}

function compare(actual: Results, expected: Results, floor: number, prefix = ''): void {
  const wrong = Object.entries(expected).flatMap(([name, { shape, data }]) => {
    const result = actual[name];
    if (result?.shape.join() !== shape.join()) return [`${name} has shape [${result?.shape}] instead of [${shape}]`];
    const error = relativeError(result.data, data, floor);
    return error < tolerance ? [] : [`${name} is off by ${error.toExponential(1)} (norm ${norm(data).toPrecision(2)})`];
  });
  if (wrong.length > 0) expect.fail(prefix + wrong.join('; '));
}
