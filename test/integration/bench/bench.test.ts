import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { withDirectory } from '../../fixtures/bundle.js';

/** bench/dist/main.js, seen from the compiled test/dist/integration/bench. */
const main = fileURLToPath(new URL('../../../../bench/dist/main.js', import.meta.url));

function bench(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args]);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('npm run bench', function () {
  this.timeout(120_000);

  it('answers fifty scenarios and ends with one line of JSON', async () => {
    const { code, stdout, stderr } = await bench('scenarios', '--repeats', '3', '--searched', '1');
    expect(stderr).to.equal('');
    expect(code).to.equal(0);
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) as string);
    expect(result.scenarios).to.equal(50);
    expect(result.infeasible).to.be.at.least(0);
    expect(result.total_ms).to.be.within(0.01, result.cold_ms);
  });

  it('trains in turn with PyTorch where it is installed, and ends with one line of JSON', async () => {
    const { code, stdout, stderr } = await bench(
      ...['train', '--batch', '4', '--rounds', '1', '--steps', '1', '--space', 'tiny-32', '--threads', '1'],
    );
    expect(stderr).to.equal('');
    expect(code).to.equal(0);
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) as string);
    expect(result.lowering).to.match(/^(nchwc(8|16)|portable)$/);
    for (const rate of ['images_per_s', 'largest', 'random_mean', 'smallest']) expect(result[rate]).to.be.above(0);
    if (result.pytorch_channels_last === null) expect(stdout).to.contain('PyTorch is not here');
    else expect(result.ratio / (result.images_per_s / result.pytorch_channels_last)).to.be.closeTo(1, 0.05);
  });

  it("compares batch-norm statistics, also with those of single tasks' images", async () => {
    const { code, stdout, stderr } = await bench(
      ...['batchnorm', '--bundle', 'examples/bundles/glyphs', '--data', 'glyphs'],
      ...['--subnets', '1', '--task-subnets', '1', '--images', '300'],
    );
    expect(stderr).to.equal('');
    expect(code).to.equal(0);
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) as string);
    expect(result).to.include({ subnets: 1, task_subnets: 1, images: 300 });
    expect(result.tasks.length).to.be.above(3);
    for (const { shipped, exact, own, own_loss } of result.tasks) {
      for (const accuracy of [shipped, exact, own]) expect(accuracy).to.be.within(10, 100);
      expect(own_loss).to.be.within(-100, 100);
    }
    const losses = result.tasks.map((task: { own_loss: number }) => task.own_loss);
    expect(result.own_loss).to.be.closeTo(losses.reduce((a: number, b: number) => a + b, 0) / losses.length, 0.01);
  });

  it('measures the memory of a training', async () => {
    const { code, stdout, stderr } = await bench('train-memory', '--space', 'tiny-32', '--steps', '20', '--batch', '4');
    expect(stderr).to.equal('');
    expect(code).to.equal(0);
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) as string);
    expect(result.steps).to.equal(20);
    expect(result.peak_mib).to.be.above(100);
    expect(result.growth).to.be.within(-1, 1);
    expect(result.data_share).to.be.within(0, 1);
  });

  it('compares generated subnets with searches, the second time from what the first one left', () =>
    withDirectory(async (cache) => {
      const small = ['--tasks', '1', '--budgets', '1', '--images', '200', '--subnets', '6', '--generations', '2'];
      const compare = () =>
        bench('regret', ...data, ...small, '--rescored', '1', '--threads', '1', '--cache', join(cache, 'logits'));
      const data = ['--bundle', 'examples/bundles/glyphs', '--data', 'glyphs'];
      const { code, stdout, stderr } = await compare();
      expect(stderr).to.equal('');
      expect(code).to.equal(0);
      const lastLine = (text: string) => text.trimEnd().split('\n').at(-1) as string;
      const result = JSON.parse(lastLine(stdout));
      for (const name of ['vs_task_search', 'exhaustive_regret', 'unseen_device_growth']) {
        expect(result[name], name).to.be.within(...(result[`${name}_interval`] as [number, number]));
      }
      expect(result.over_budget).to.equal(0);
      expect(result.cells).to.equal(3);
      const again = await compare();
      expect(lastLine(again.stdout)).to.equal(lastLine(stdout));
      expect(again.stdout).to.match(/task search: .* 0 images\)/);
    }));

  it('lists the benchmarks there are', async () => {
    const { code, stderr } = await bench('nonsense');
    expect(code).to.equal(1);
    expect(stderr).to.match(/no benchmark "nonsense"[\s\S]*scenarios/);
  });

  it('says which flags there are, and their defaults', async () => {
    const { code, stdout, stderr } = await bench('regret', '--help');
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.match(
      /^regret: what generated subnets [^\n]*\n {2}--bundle VALUE +default: examples\/bundles\/cifar10\n/,
    );
    expect(stdout)
      .to.match(/\n {2}--data VALUE\n/)
      .and.to.match(/\n {2}--rescored VALUE +default: 10\n/);
    expect((await bench('inference', '--help')).stdout).to.match(/\n {2}--chromium\n$/);
  });

  it('refuses numbers that are none and data that is not there in one line, and lists benchmarks when asked', async () => {
    for (const [words, told] of [
      [['adaptive', '--rounds', 'x'], '--rounds x: wanted is a whole number, at least 1'],
      [['scenarios', '--repeats', 'x'], '--repeats x: wanted is a whole number, at least 1'],
      [['latency-model', '--unseen', 'x'], '--unseen x: wanted is a whole number, at least 1'],
      [['answers', '--data', 'glyphs', '--least', '4', '--most', '3'], '--most 3: wanted is no less than --least, 4'],
    ] as const) {
      const { code, stderr } = await bench(...words);
      expect([code, stderr]).to.deep.equal([1, `bench ${words[0]}: ${told}\n`]);
    }
    const data = await bench('batchnorm', '--data', 'nowhere.tar');
    expect(data.code).to.equal(1);
    expect(data.stderr).to.match(/^bench batchnorm: .*nowhere\.tar: does not exist; .*\n$/);
    const list = await bench('--help');
    expect([list.code, list.stderr]).to.deep.equal([0, '']);
    expect(list.stdout).to.match(/\n {2}regret +what/);
  });

  it('refuses wrong flags in one line that names the valid ones', async () => {
    const flags = 'flags are --rounds, --help\n';
    for (const [args, problem] of [
      [['--round', '3'], `Unknown option '--round'; ${flags}`],
      [['--rounds'], `Option '--rounds <value>' argument missing; ${flags}`],
      [['3'], `Unexpected argument '3'; ${flags}`],
    ] as const) {
      const { code, stdout, stderr } = await bench('adaptive', ...args);
      expect([code, stdout]).to.deep.equal([1, '']);
      expect(stderr).to.equal(`bench adaptive: ${problem}`);
    }
    expect((await bench('regret')).stderr).to.match(/^bench regret: which images\? [^\n]*\n$/);
    const few = await bench('regret', '--data', 'cifar10.tar', '--subnets', 'two');
    expect(few.stderr).to.equal('bench regret: --subnets two: wanted is a whole number, at least 3\n');
  });
});
