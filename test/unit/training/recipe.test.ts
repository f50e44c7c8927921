import { inStage, lossOf, stageAt, trainingOptions, WeightAverage } from '@easel/exporter/training';
import { formatArchitecture, parseArchitecture, presetSpace } from '@easel/sdk/space';
import { tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';

describe('progressive stages', () => {
  const space = presetSpace('tiny-32');

  it('let the largest learn alone, then depths and kernels, then widths', () => {
    const options = { largest: 0.2, depth: 0.3 };
    const stages = [0, 0.19, 0.2, 0.49, 0.51, 1].map((progress) => stageAt(progress, options));
    expect(stages).to.deep.equal(['largest', 'largest', 'depth', 'depth', 'all', 'all']);
    expect(stageAt(0, null)).to.equal('all');
  });

  it('widen what is drawn', () => {
    const drawn = parseArchitecture(space, '32:3x2,5x4/5x2/3x2');
    expect(formatArchitecture(inStage(space, drawn, 'depth'))).to.equal('32:3x4,5x4/5x4/3x4');
    expect(inStage(space, drawn, 'all')).to.equal(drawn);
  });
});

describe('WeightAverage', () => {
  it('is the exponential moving average, which forgets faster early on', () => {
    const latest = Float32Array.of(1, 2);
    const weights = new Map([['w', tensor([2], latest)]]);
    const average = new WeightAverage(weights, 0.5);
    latest.set([3, 6]);
    // min(0.5, 2 / 11)
    average.update(1);
    const { data } = average.tensors.get('w') as { data: Float32Array };
    expect(data[0]).closeTo(1 + (9 / 11) * 2, 1e-6);
    expect(data[1]).closeTo(2 + (9 / 11) * 4, 1e-6);
    latest.set([0, 0]);
    const before = [...data];
    average.update(1000);
    expect(data[0]).closeTo((before[0] as number) / 2, 1e-6);
    expect([...latest]).to.deep.equal([0, 0]);
    average.adopt();
    expect(latest).to.deep.equal(data);
    expect(latest).not.to.equal(data);
    const restored = new WeightAverage(weights, 0.5, new Map([['w', Float32Array.of(7, 8)]]));
    expect(restored.tensors.get('w')?.data).to.deep.equal(Float32Array.of(7, 8));
  });
});

describe('lossOf', () => {
  it('is plain cross-entropy where a subnet learns from labels', () => {
    const plain = { kind: 'cross-entropy', temperature: 1 };
    const options = trainingOptions({ temperature: 3 });
    expect(lossOf(options, 'teacher')).to.deep.equal(plain);
    expect(lossOf({ ...options, distillation: false }, 'student')).to.deep.equal(plain);
    expect(lossOf(options, 'student')).to.deep.equal({ kind: 'cross-entropy', temperature: 3 });
    expect(lossOf(trainingOptions({ divergence: 'alpha' }), 'student')).to.deep.equal({ kind: 'alpha', clip: 5 });
  });
});
