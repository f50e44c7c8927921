import { classMask, keptWith, smoothedLabels, softmaxOver, TaskDropout } from '@easel/exporter/training';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';

const classes = ['a', 'b', 'c', 'd', 'e', 'f'];
const tasks = { first: ['a', 'b'], second: ['c', 'd'], third: ['b', 'e', 'f'], lonely: ['f'] };

describe('TaskDropout', () => {
  const draws = (options: { keepAll: number; singleTask: number; randomClasses?: number }, count = 4000) => {
    const random = new Random(1);
    const dropout = new TaskDropout(classes, tasks, { per: 'step', randomClasses: 0, ...options });
    const counts = new Map<string, number>();
    for (let i = 0; i < count; i++) {
      const key = dropout.draw(random).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1 / count);
    }
    return counts;
  };

  it('keeps everything as often as asked', () => {
    expect([...draws({ keepAll: 1, singleTask: 1 }).keys()]).to.deep.equal(['012345']);
    expect(draws({ keepAll: 0.6, singleTask: 1 }).get('012345')).closeTo(0.6, 0.03);
  });

  it('keeps single tasks, each as often as the others, and never fewer than two classes', () => {
    const counts = draws({ keepAll: 0, singleTask: 1 });
    for (const task of ['01', '23']) expect(counts.get(task)).closeTo(1 / 4, 0.05);
    for (const kept of counts.keys()) expect(kept.length).at.least(2);
    // "lonely" has one class: another task joins it.
    const joined = ['015', '235'].reduce((sum, kept) => sum + (counts.get(kept) ?? 0), 0);
    expect(joined).closeTo((1 / 4) * (2 / 3), 0.05);
  });

  it('keeps unions of two up to all tasks', () => {
    const counts = draws({ keepAll: 0, singleTask: 0 });
    for (const kept of ['0123', '0145', '015', '012345']) expect(counts.get(kept) ?? 0).above(0.02);
    // All four tasks in a third of the draws, and one of the four groups of three in another third.
    expect(counts.get('012345')).closeTo(1 / 3 + 1 / 12, 0.03);
    expect(counts.has('01')).to.equal(false);
  });
});

describe('TaskDropout where all tasks together have one class', () => {
  it('keeps another class with it, any one', () => {
    const options = { per: 'step', keepAll: 0, singleTask: 1, randomClasses: 0 } as const;
    const dropout = new TaskDropout(classes, { lonely: ['f'] }, options);
    const random = new Random(1);
    const sets = new Set(Array.from({ length: 200 }, () => dropout.draw(random).join('')));
    expect([...sets].sort()).to.deep.equal(['05', '15', '25', '35', '45']);
  });
});

describe('TaskDropout of random classes', () => {
  it('keeps any two or more, each number as often as the others', () => {
    const dropout = new TaskDropout(classes, tasks, { per: 'step', keepAll: 0, singleTask: 1, randomClasses: 1 });
    const random = new Random(1);
    const sizes = new Map<number, number>();
    const sets = new Set<string>();
    for (let i = 0; i < 4000; i++) {
      const kept = dropout.draw(random);
      sizes.set(kept.length, (sizes.get(kept.length) ?? 0) + 1 / 4000);
      sets.add(kept.join(''));
    }
    expect([...sizes.keys()].sort()).to.deep.equal([2, 3, 4, 5, 6]);
    for (const share of sizes.values()) expect(share).closeTo(1 / 5, 0.03);
    // All subsets of at least two of six classes.
    expect(sets.size).to.equal(2 ** 6 - 1 - 6);
  });
});

describe('TaskDropout for single images', () => {
  const draw = (
    label: number,
    options: { keepAll: number; singleTask: number; randomClasses?: number },
    of = tasks,
  ) => {
    const random = new Random(1);
    const dropout = new TaskDropout(classes, of, { per: 'image', randomClasses: 0, ...options });
    return Array.from({ length: 2000 }, () => dropout.draw(random, label));
  };

  it("always keeps the image's own class and another one", () => {
    for (const options of [
      { keepAll: 0, singleTask: 1 },
      { keepAll: 0.2, singleTask: 0 },
      { keepAll: 0, singleTask: 1, randomClasses: 1 },
    ]) {
      for (const label of classes.keys()) {
        const sets = new Set(draw(label, options).map((kept) => kept.join('')));
        for (const kept of sets) {
          expect(kept).to.include(String(label));
          expect(kept.length).at.least(2);
          expect([...kept]).to.deep.equal([...new Set(kept)].sort());
        }
      }
    }
  });

  it('keeps each of the tasks that hold it as often as the others', () => {
    const sets = draw(1, { keepAll: 0, singleTask: 1 }).map((kept) => kept.join(''));
    expect(new Set(sets)).to.deep.equal(new Set(['01', '145']));
    expect(sets.filter((kept) => kept === '01').length / sets.length).closeTo(1 / 2, 0.05);
  });

  it('joins other tasks, and keeps all classes as often as asked or where no task holds the class', () => {
    const unions = new Set(draw(0, { keepAll: 0, singleTask: 0 }).map((kept) => kept.join('')));
    expect(unions).to.deep.equal(new Set(['0123', '0145', '015', '012345', '01235']));
    const all = draw(0, { keepAll: 0.6, singleTask: 1 }).filter((kept) => kept.length === classes.length);
    expect(all.length / 2000).closeTo(0.6, 0.04);
    const outside = draw(3, { keepAll: 0, singleTask: 1 }, { first: ['a', 'b'] } as unknown as typeof tasks);
    expect(outside.every((kept) => kept.length === classes.length)).to.equal(true);
    const random = draw(3, { keepAll: 0, singleTask: 1, randomClasses: 1 }, {
      first: ['a', 'b'],
    } as unknown as typeof tasks);
    expect(random.some((kept) => kept.length < classes.length)).to.equal(true);
  });
});

describe('distributions over the kept classes', () => {
  const kept = [
    [1, 3],
    [0, 1],
  ];

  it('masks dropped classes', () => {
    const mask = classMask(kept, 5);
    const isKept = [false, true, false, true, false, true, true, false, false, false];
    expect([...mask].map((value) => value === 0)).to.deep.equal(isKept);
    expect(Math.fround(Math.exp(mask[0] as number))).to.equal(0);
  });

  it('smooths labels over kept classes only', () => {
    const rows = smoothedLabels([3, 1], kept, 5, 0.1);
    const expected = [0, 0.05, 0, 0.95, 0, 0.05, 0.95, 0, 0, 0];
    rows.forEach((value, i) => {
      expect(value).closeTo(expected[i] as number, 1e-6);
    });
  });

  it('shares the label of an image with the class of its patch, over the kept classes of both', () => {
    const patch = { from: 1, left: 0, top: 0, right: 1, bottom: 1, share: 0.25 };
    const both = keptWith([patch, undefined], kept);
    expect(both).to.deep.equal([
      [0, 1, 3],
      [0, 1],
    ]);
    const rows = smoothedLabels([3, 0], both, 5, 0.3, [patch, undefined]);
    const expected = [0.1 + 0.25 * 0.7, 0.1, 0, 0.1 + 0.75 * 0.7, 0, 0.85, 0.15, 0, 0, 0];
    rows.forEach((value, i) => {
      expect(value).closeTo(expected[i] as number, 1e-6);
    });
  });

  it('softens by the temperature', () => {
    const soft = softmaxOver(Float32Array.of(0, Math.log(16), 100), [[0, 1]], 3, 2);
    expect([...soft].map((p) => Number(p.toFixed(5)))).to.deep.equal([0.2, 0.8, 0]);
  });

  it('takes the softmax over kept classes only, at any size of the logits', () => {
    const probabilities = softmaxOver(Float32Array.of(900, 500, 900, 501, 0), kept.slice(0, 1), 5);
    expect([probabilities[0], probabilities[2], probabilities[4]]).to.deep.equal([0, 0, 0]);
    expect(probabilities[3]).closeTo(1 / (1 + Math.exp(-1)), 1e-6);
    expect((probabilities[1] as number) + (probabilities[3] as number)).closeTo(1, 1e-6);
  });
});
