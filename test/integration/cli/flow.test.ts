import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { InferenceSession } from 'onnxruntime-node';
import { easel } from './run-easel.js';
import { smallTraining, writeSmallProject, writeTrainingOptions } from './small-project.js';

/** Each step uses what the one before left behind, as a user's do. */
describe('easel: from images to a classified image', function () {
  this.timeout(120_000);
  let directory: string;
  const ok = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await easel(words, directory);
    expect(code, stderr).to.equal(0);
    return stdout;
  };
  const json = async (...path: string[]) => JSON.parse(await readFile(join(directory, ...path), 'utf8'));

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'easel-flow-'));
    await writeSmallProject(directory);
    await writeTrainingOptions(directory, 12);
    await writeFile(
      join(directory, 'generator.json'),
      JSON.stringify({
        subnets: 12,
        images: 8,
        classSets: 11,
        budgets: 8,
        requests: 64,
        fit: { batch: 8, epochs: 2 },
      }),
    );
  });

  after(() => rm(directory, { recursive: true, force: true }));

  it('train', async () => {
    const stdout = await ok('train', ...smallTraining, '--out', 'run', '--quiet');
    expect(stdout).to.include('trained: run');
    expect((await readdir(join(directory, 'run'))).sort()).to.deep.equal([
      'checkpoint.bin',
      'metrics.jsonl',
      'report.html',
      'run.json',
      'tasks.json',
    ]);
    const record = await json('run', 'run.json');
    expect(record.provenance.command).to.match(/^easel train --data images /);
    expect(record.options).to.include({ batchSize: 16, epochs: 12, augmentation: null });
    const again = await easel(['train', ...smallTraining, '--out', 'run'], directory);
    expect(again.code).to.equal(1);
    expect(again.stderr).to.include('run: is not empty');
    expect(await ok('inspect', 'run')).to.include(': finished');
  });

  it('export says that the generator is missing', async () => {
    const { code, stderr } = await easel(['export', '--run', 'run', '--out', 'bundle'], directory);
    expect(code).to.equal(1);
    expect(stderr).to.include('easel generator --run run');
  });

  it('profile', async () => {
    const words = [
      '--subnets',
      '12',
      '--held-out',
      '4',
      '--seconds',
      '5',
      '--name',
      'here',
      '--allow-noise',
      '--quiet',
    ];
    expect(await ok('profile', '--space', 'space.json', '--out', 'here.json', ...words)).to.include(
      'device profile here',
    );
    expect(await ok('inspect', 'here.json')).to.include('speck-16');
  });

  it('generator', async () => {
    const words = ['--run', 'run', '--profiles', 'here.json', '--options', 'generator.json', '--quiet'];
    expect(await ok('generator', ...words))
      .to.include('generator: run/generator.onnx')
      .and.to.match(/answering all alike: \d+\.\d{3} \[.*\]\nof what their classes alone prefer.*: \d+\.\d{3} \[/);
    const report = await json('run', 'generator.json');
    expect(report.profiles).to.deep.equal(['here']);
    expect(report.predictor.meanAbsoluteError).to.be.within(0, 1);
    expect(report.conditioning.heldOutRatio).to.be.greaterThan(0);
    expect(report.conditioning.classesAlone.heldOutRatio).to.be.greaterThan(0);
    // The measured logits were kept: the same command again needs none of them anew, and comes to the same.
    const generator = await readFile(join(directory, 'run', 'generator.onnx'));
    await ok('generator', ...words);
    expect(await readFile(join(directory, 'run', 'generator.onnx'))).to.deep.equal(generator);
  });

  it('export', async () => {
    expect(await ok('export', '--run', 'run', '--out', 'bundle', '--name', 'specks')).to.include('bundle: bundle');
    const manifest = await json('bundle', 'manifest.json');
    expect(manifest).to.deep.include({ name: 'specks', classes: ['blue', 'green', 'red', 'yellow'] });
    expect(manifest.provenance).to.include({ command: 'easel export --run run --out bundle --name specks', seed: 0 });
    expect(manifest.provenance.training.command).to.match(/^easel train --data images /);
    const { table } = manifest.accuracy;
    expect(table).to.include({ split: 'test', images: 32 });
    expect(Object.keys(table.tasks)).to.deep.equal(['cold', 'warm', 'all']);
    for (const size of ['largest', 'middle', 'smallest']) {
      expect(table.tasks.all[size]).to.equal(table.allClasses[size]);
      expect(table.allClasses[size]).to.be.within(0.25, 1);
      expect(table.subnets[size].macs).to.be.within(table.subnets.smallest.macs, table.subnets.largest.macs);
    }
    const again = await easel(['export', '--run', 'run', '--out', 'bundle'], directory);
    expect(again.code).to.equal(1);
    expect(again.stderr).to.include('bundle');
    // The report of an earlier version, which did not judge classes alone, is exported all the same.
    const report = await json('run', 'generator.json');
    const { classesAlone, ...conditioning } = report.conditioning;
    expect(manifest.accuracy.conditioning).to.deep.equal({ ...conditioning, classesAlone });
    await writeFile(join(directory, 'run', 'generator.json'), JSON.stringify({ ...report, conditioning }));
    await ok('export', '--run', 'run', '--out', 'bundle', '--name', 'specks', '--overwrite');
    expect((await json('bundle', 'manifest.json')).accuracy.conditioning).to.deep.equal(conditioning);
    expect(await ok('inspect', 'bundle')).to.include('complete and unaltered');
  });

  it('specialize', async () => {
    const stdout = await ok(
      'specialize',
      '--bundle',
      'bundle',
      '--tasks',
      'warm',
      '--macs',
      '1m',
      '--out',
      'warm.onnx',
    );
    expect(stdout)
      .to.include('red yellow')
      .and.to.match(/predicted latency +\d/)
      .and.to.match(/measured latency +\d/);
    const session = await InferenceSession.create(join(directory, 'warm.onnx'));
    expect(session.inputNames).to.deep.equal(['image']);
    await session.release();
    expect(await ok('inspect', 'warm.onnx')).to.match(/output +logits \[1, 2\]/);
    const profile = await json('here.json');
    const most = profile.terms[0].base * 3;
    const printed = await ok(
      ...['specialize', '--bundle', 'bundle', '--classes', 'red,blue,green', '--latency-ms', String(most), '--json'],
    );
    const answer = JSON.parse(printed);
    expect(answer.classes).to.deep.equal(['blue', 'green', 'red']);
    expect(answer.predicted.latencyMs).to.be.at.most(most);
    expect(answer.measuredMs).to.be.greaterThan(0);
  });

  it('classify', async () => {
    const words = ['classify', '--bundle', 'bundle', '--tasks', 'all', '--macs', '1M', '--json'];
    const files = ['blue', 'green', 'red', 'yellow'].flatMap((name) =>
      [0, 1, 2, 3].map((i) => join('images', 'test', name, `${i}.png`)),
    );
    const lines = (await ok(...words, ...files))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ image }) => image)).to.deep.equal(files);
    const right = lines.filter(({ image, results }) => image.includes(results[0].className));
    // Four colours, told apart after seconds of training: far above the 4 of 16 of chance.
    expect(right.length).to.be.at.least(12);
  });

  it('evaluate', async () => {
    const stdout = await ok(
      ...['evaluate', '--bundle', 'bundle', '--data', 'images', '--resolution', '16', '--tasks', 'warm,all'],
      ...['--budgets', '2', '--repeats', '5', '--json', 'results.json', '--overfitting', '--quiet'],
    );
    const results = await json('results.json');
    expect(results.rows).to.have.length(8);
    for (const row of results.rows) {
      expect(row.accuracy).to.be.within(0, 1);
      expect(row.images).to.equal(row.task === 'all' ? 32 : 16);
      expect(row.exceedsByTable).to.equal(false);
      if (row.subnet === 'generated') expect(row.predictedMs).to.be.at.most(row.budget);
    }
    const { images, largest, smallest } = results.overfitting;
    expect(images).to.deep.equal({ train: 32, validation: 8, test: 32 });
    const allClassesOf = (subnet: string) =>
      results.rows.find((row: { subnet: string }) => row.subnet === subnet).allClasses;
    expect([largest.test, smallest.test]).to.deep.equal([allClassesOf('largest'), allClassesOf('smallest')]);
    expect(stdout).to.match(/training \(32\) +validation \(8\) +test \(32\)\n[- ]+\nlargest +\d/);
    expect(results.crossCheck.agreeing).to.equal(results.crossCheck.images);
    expect(stdout.trim().split('\n').at(-1)).to.match(
      /^budgets exceeded, of 4: 0 by the table, \d when measured \(\d by more than 5 %\)$/,
    );
  });

  it('evaluate with a report, beside what searches find', async () => {
    const stdout = await ok(
      ...['evaluate', '--bundle', 'bundle', '--data', 'images', '--resolution', '16', '--tasks', 'warm'],
      ...['--budgets', '1', '--repeats', '5', '--report', 'report.html', '--quiet'],
    );
    expect(stdout).to.include('searched for the task').and.include('searched for all classes');
    const page = await readFile(join(directory, 'report.html'), 'utf8');
    const [, data] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page) as unknown as string[];
    const subnets = JSON.parse(data as string).rows.map(({ subnet }: { subnet: string }) => subnet);
    const searches = ['searched for the task', 'searched for all classes'];
    expect(subnets).to.deep.equal(['smallest', 'generated', ...searches, 'largest']);
    expect(page).to.not.match(/(src|href)="/);
  });
});
