import { type Difference, type PairedCell, pairedDifference, rightOnes } from '@easel/exporter/evaluation';
import { type Cell, enumerableArchitectures, isWithin } from '@easel/exporter/evaluation/baselines';
import { generatorInput, generatorOutput } from '@easel/sdk/bundle';
import { FeatureEncoder } from '@easel/sdk/generator';
import { nodeRuntime } from '@easel/sdk/node';
import { Random } from '@easel/sdk/random';
import { type Architecture, decisionsOf, encodeArchitecture } from '@easel/sdk/space';
import { type Tensor, tensor } from '@easel/sdk/tensor';
import type { Progress } from './progress.js';
import type { Setting } from './regret-setting.js';
import { type Scored, share } from './scoring.js';

export interface ExhaustiveRegret {
  readonly size: number;
  /** Of the choice of all by their accuracy on the validation images, less the generator's. */
  readonly validation: Difference;
  /** Of the best on the test images themselves: more than anything could choose, as it profits from their noise. */
  readonly hindsight: Difference;
}

/** Everything in a small sub-space, measured (without adapters); the generator chooses there by its utilities alone. */
export async function exhaustiveRegret(
  { bundle, context, test, validation }: Setting,
  cells: readonly Cell[],
  progress: Progress,
): Promise<ExhaustiveRegret> {
  const candidates = enumerableArchitectures(bundle.manifest.space);
  const labels = [...new Set(cells.flatMap(({ classes }) => classes))];
  const sets = new Map(cells.map(({ task, classes }) => [task, classes]));
  const tried = await progress.each('sub-space', candidates, async (architecture) => {
    const [onTest, onValidation] = [
      await test.logits(architecture, labels),
      await validation.logits(architecture, labels),
    ];
    return new Map(
      [...sets].map(([task, classes]) => {
        return [task, { test: rightOnes(onTest, classes), validation: share(rightOnes(onValidation, classes).right) }];
      }),
    );
  });
  const scores = await utilityScores(bundle, cells, candidates);
  const paired: { validation: PairedCell[]; hindsight: PairedCell[] } = { validation: [], hindsight: [] };
  for (const [c, { task, ...cell }] of cells.entries()) {
    const within = [...candidates.keys()].filter((i) =>
      isWithin({ task, ...cell }, context.decisions, candidates[i] as Architecture),
    );
    const of = (i: number) => tried[i]?.get(task) as { test: Scored; validation: number };
    const best = (score: (i: number) => number) =>
      of(within.reduce((found, i) => (score(i) > score(found) ? i : found), within[0] as number)).test;
    const generated = best((i) => scores[c]?.[i] as number);
    const pair = ({ right }: Scored): PairedCell => ({
      task,
      images: generated.images,
      first: right,
      second: generated.right,
    });
    paired.validation.push(pair(best((i) => of(i).validation)));
    paired.hindsight.push(pair(best((i) => share(of(i).test.right))));
  }
  const random = new Random(context.seed);
  return {
    size: candidates.length,
    validation: pairedDifference(paired.validation, random),
    hindsight: pairedDifference(paired.hindsight, random),
  };
}

/** `[cells][candidates]`: the generator's utilities of what a candidate chooses, summed. */
async function utilityScores(
  { manifest: { space, classes }, generator }: Setting['bundle'],
  cells: readonly Cell[],
  candidates: readonly Architecture[],
): Promise<number[][]> {
  const encoder = new FeatureEncoder(space, classes.length);
  const session = await nodeRuntime.createSession(generator);
  try {
    const features = tensor([cells.length, encoder.length]);
    cells.forEach((cell, i) => {
      encoder.encode(cell.classes, [cell], features.data.subarray(i * encoder.length, (i + 1) * encoder.length));
    });
    const { [generatorOutput]: output } = await session.run({ [generatorInput]: features });
    const { data, shape } = output as Tensor;
    const decisions = decisionsOf(space);
    const encoded = candidates.map((architecture) => encodeArchitecture(decisions, architecture));
    return cells.map((_, i) => {
      const utilities = data.subarray(i * (shape[1] as number), (i + 1) * (shape[1] as number));
      return encoded.map((row) => row.reduce((sum, on, option) => sum + on * (utilities[option] as number), 0));
    });
  } finally {
    await session.dispose();
  }
}
