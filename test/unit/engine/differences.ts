import { type Engine, gradientName, type Results, type Value } from '@easel/exporter/engine';
import { Random } from '@easel/sdk/random';
import type { Tensor } from '@easel/sdk/tensor';
import type { Differences, Prepared } from './case.js';
import { dot, norm } from './numerics.js';

const tolerance = 1e-4;
/** How far to go, as a part of the root mean square of what is moved. */
const steps = { any: 0.02, uphill: 0.01 } as const;
/** Halving the step may change a difference by this much; more would say that the step is too wide. */
const stepTolerance = 1e-2;
const directionCount = 4;

/** One vector per variable, such as a place, a gradient or a direction; variables that it lacks are zero. */
type Vectors = ReadonlyMap<string, Float32Array>;

/** Compares gradients with finite differences of the lowering's own forward pass; returns what disagrees. */
export async function compareWithDifferences(
  kind: Differences,
  { program, feeds, summed, weights }: Prepared,
  results: Results,
  engine: Engine,
): Promise<string[]> {
  if (kind === 'none') return [];
  const names = Object.keys(program.gradients);
  const gradient = new Map(names.map((name) => [name, (results[gradientName(name)] as Tensor).data]));
  const outputs = { [summed]: program.outputs[summed] as Value };
  const forward = { name: 'forward', graph: program.graph, outputs };
  const executable = await engine.compile(forward);
  // The loss is summed here, in double precision: in float32 its rounding would drown the difference.
  const loss = async (moved: Vectors) => {
    const outputs = await executable.run(new Map([...feeds, ...moved]));
    return dot((outputs[summed] as Tensor).data, weights);
  };
  const random = new Random(3);
  const problems: string[] = [];
  const report = (name: string, probes: readonly Probe[], size: number) => {
    const change = norm(probes.map((probe) => probe.change)) / size;
    const error = norm(probes.map((probe) => probe.error)) / size;
    if (!(change < stepTolerance)) problems.push(`${name}: halving the step changes ${change.toExponential(1)}`);
    if (!(error < tolerance)) problems.push(`${name} differs by ${error.toExponential(1)}`);
  };
  const probes = async (directions: readonly Vectors[]) => {
    const found: Probe[] = [];
    for (const direction of directions) found.push(await probe(loss, feeds, direction, gradient, steps[kind]));
    return found;
  };
  try {
    if (kind === 'uphill') {
      const found = await probes([uphill(gradient, feeds, random), uphill(gradient, feeds, random)]);
      report('gradient', found, norm(found.map(({ slope }) => slope)));
    } else {
      for (const [name, vector] of gradient) {
        const directions = anyDirections(vector.length, feeds.get(name) as Float32Array, random);
        const found = await probes(directions.map((direction) => new Map([[name, direction]])));
        // What the size of the projections is on average; that of the few drawn might be small by chance.
        const length = norm(directions[0] as Float32Array);
        const spread = directions.length < vector.length ? Math.sqrt(directions.length / vector.length) : 1;
        report(gradientName(name), found, norm(vector) * length * spread);
      }
    }
  } finally {
    await executable.dispose();
  }
  return problems;
}

/**
 * Every axis of a small space; in a large one random vectors of ±1, on which the mean square of a vector's projections is its
 * square norm, so that a few estimate ||error|| / ||gradient||.
 */
function anyDirections(dimensions: number, place: Float32Array, random: Random): Float32Array[] {
  const unit = rootMeanSquare(place);
  const axes = dimensions <= directionCount;
  return Array.from({ length: axes ? dimensions : directionCount }, (_, i) =>
    Float32Array.from(
      { length: dimensions },
      (_, j) => unit * (axes ? Number(i === j) : random.float() < 0.5 ? -1 : 1),
    ),
  );
}

/**
 * Moves all variables at once, each by its own scale, every coordinate randomly far in the direction of its gradient: the loss
 * then changes by far more than what rounding in several layers adds to it.
 */
function uphill(gradient: Vectors, place: Vectors, random: Random): Vectors {
  return new Map(
    [...gradient].map(([name, vector]) => {
      const unit = rootMeanSquare(place.get(name) as Float32Array);
      return [name, vector.map((value) => unit * Math.sign(value) * Math.abs(random.normal()))];
    }),
  );
}

function rootMeanSquare(vector: Float32Array): number {
  return norm(vector) / Math.sqrt(vector.length);
}

interface Probe {
  /** Of the function along the direction, by the gradient. */
  readonly slope: number;
  /** How far the difference is from it. */
  readonly error: number;
  /** How much halving the step changed the difference. */
  readonly change: number;
}

/** Central differences with a step and its half, extrapolated to an error of the fourth order (Richardson 1911). */
async function probe(
  f: (place: Vectors) => Promise<number>,
  place: Vectors,
  direction: Vectors,
  gradient: Vectors,
  step: number,
): Promise<Probe> {
  const move = (distance: number): Vectors =>
    new Map(
      [...direction].map(([name, vector]) => [
        name,
        (place.get(name) as Float32Array).map((value, i) => value + distance * (vector[i] as number)),
      ]),
    );
  const central = async (distance: number) => {
    const [up, down] = [move(distance), move(-distance)];
    const rise = (await f(up)) - (await f(down));
    let predicted = 0;
    for (const [name, vector] of gradient) {
      // Places are float32: the gradient times what the step really became.
      const [high, low] = [up.get(name), down.get(name)];
      if (high && low)
        predicted += dot(
          vector,
          Float64Array.from(high, (value, i) => value - (low[i] as number)),
        );
    }
    return { error: (rise - predicted) / (2 * distance), slope: predicted / (2 * distance) };
  };
  const whole = await central(step);
  const half = await central(step / 2);
  return { slope: half.slope, error: (4 * half.error - whole.error) / 3, change: half.error - whole.error };
}
