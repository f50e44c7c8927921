import { expect } from 'chai';

interface View {
  draw(
    state: unknown,
    terminal: { columns: number; rows: number; style: (format: unknown, text: string) => string },
  ): string[];
}

/** Seen from the compiled test/dist/unit/examples. */
const view = new URL('../../../../examples/adaptive/view.js', import.meta.url).href;
const block = { kernel: 5, expandRatio: 4 };
const started = Date.UTC(2026, 0, 1);
const state = {
  title: 'cifar10 on a-board',
  started,
  now: started + 65_000,
  tasks: ['pets'],
  budgetMs: 1.25,
  latency: { count: 500, p50Ms: 0.4, p95Ms: 1.5, slowdown: 2.5 },
  architecture: { resolution: 32, units: [[block, block], [{ kernel: 3, expandRatio: 2 }]] },
  predicted: { latencyMs: 0.6, macs: 19.5e6, parameters: 2e5, modelBytes: 8e5 },
  decisions: Array.from({ length: 9 }, (_, i) => ({
    kind: 'over-budget',
    reason: `${'because of this and that '.repeat(6)}${i}`,
    time: new Date(started + 1000 * i),
  })),
  recent: Array.from({ length: 300 }, (_, i) => (i < 299 ? 0.5 : 9)),
  notice: '',
  cameras: 8,
  hog: false,
};

describe('View of the adaptive example', () => {
  let draw: View['draw'];
  before(async () => {
    ({ draw } = (await import(view)) as View);
  });

  const plain = (_: unknown, text: string) => text;

  for (const [columns, rows] of [
    [104, 30],
    [80, 24],
    [40, 12],
    [20, 5],
  ] as const) {
    it(`fits ${columns} x ${rows}`, () => {
      const lines = draw(state, { columns, rows, style: plain });
      expect(lines.length).to.be.at.most(rows);
      for (const line of lines) expect([...line].length).to.be.at.most(columns);
    });
  }

  it('shows latency, budget, network, keys and the newest decision first', () => {
    const text = draw(state, { columns: 110, rows: 40, style: plain }).join('\n');
    expect(text).to.include('p95 1.50 ms').and.include('budget 1.25 ms').and.include('5×4 · 5×4 │ 3×2');
    expect(text).to.include('19.5 M MACs, 3 blocks').and.include('1:05').and.include('cameras: 8');
    expect(text.indexOf('0:08 over-budget')).to.be.below(text.indexOf('0:07 over-budget'));
  });

  it('marks what is over the budget, and only that', () => {
    const marked: string[] = [];
    draw(state, {
      columns: 80,
      rows: 24,
      style: (format, text) => {
        if (format === 'red') marked.push(text);
        return text;
      },
    });
    expect(marked.join('').replaceAll(' ', '')).to.match(/^█{6}$/);
  });
});
