import {
  type Batch,
  GradientSum,
  type StepInputs,
  SubnetPool,
  sandwichStep,
  type TrainableSubnet,
} from '@easel/exporter/training';
import { Random } from '@easel/sdk/random';
import { type Architecture, formatArchitecture, largestArchitecture, smallestArchitecture } from '@easel/sdk/space';
import { tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';
import { plainSpace } from '../../fixtures/tiny-spaces.js';

const classes = 3;
const kept = [[0, 2]];
/** What the largest answers: for the kept classes, a quarter and three quarters. */
const logits = Float32Array.of(0, 50, Math.log(3));
const batch: Batch = {
  labels: Int32Array.of(0),
  patches: [],
  images: (resolution) => tensor([1, 3, resolution, resolution]),
};

describe('sandwichStep', () => {
  /** Every subnet answers the same, with a gradient of 1; what each was to learn from. */
  async function step(options: { distillation: boolean; temperature?: number; onlyLargest?: boolean }) {
    const learned: { architecture: string; targets: number[] }[] = [];
    const compile = async (architecture: Architecture) => ({
      architecture,
      async run({ targets }: StepInputs) {
        const rounded = [...targets].map((target) => Number(target.toFixed(4)));
        learned.push({ architecture: formatArchitecture(architecture), targets: rounded });
        return { loss: learned.length, logits, gradients: new Map([['w', tensor([1], Float32Array.of(1))]]) };
      },
      async dispose() {},
    });
    const pool = new SubnetPool(plainSpace, { size: 2, uses: 9 }, compile) as unknown as SubnetPool<TrainableSubnet>;
    const gradients = new GradientSum(new Map([['w', tensor([1])]]));
    gradients.add('w', tensor([1], Float32Array.of(100)));
    const settings = { classes, labelSmoothing: 0, randomSubnets: 2, ...options };
    const losses = await sandwichStep(pool, new Map(), batch, kept, settings, gradients, new Random(1));
    return { learned, losses, gradient: gradients.tensors.get('w')?.data[0] };
  }

  it('teaches the largest by labels, and the others by what the largest answers for the kept classes', async () => {
    const { learned, losses, gradient } = await step({ distillation: true });
    const targets = learned.map((each) => each.targets);
    expect(targets).to.deep.equal([[1, 0, 0], ...Array(3).fill([0.25, 0, 0.75])]);
    const [first, second] = learned.map(({ architecture }) => architecture);
    expect(first).to.equal(formatArchitecture(largestArchitecture(plainSpace)));
    expect(second).to.equal(formatArchitecture(smallestArchitecture(plainSpace)));
    expect(losses).to.deep.equal({ largest: 1, smallest: 2, random: [3, 4] });
    // Of this step alone.
    expect(gradient).to.equal(4);
  });

  it('softens the answers by the temperature', async () => {
    const { learned } = await step({ distillation: true, temperature: 2 });
    const root = Math.sqrt(3);
    const soft = [1 / (1 + root), 0, root / (1 + root)].map((target) => Number(target.toFixed(4)));
    expect(learned.at(-1)?.targets).to.deep.equal(soft);
  });

  it('teaches all by labels without distillation, and nobody but the largest where it learns alone', async () => {
    const { learned } = await step({ distillation: false });
    expect(learned.map(({ targets }) => targets)).to.deep.equal(Array(4).fill([1, 0, 0]));
    const alone = await step({ distillation: true, onlyLargest: true });
    expect(alone.learned).to.have.length(1);
    expect(alone.losses).to.deep.equal({ largest: 1, random: [] });
  });
});
