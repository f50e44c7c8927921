import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import vm from 'node:vm';
import { openDataset } from '@easel/exporter/data';
import { dataInPage, type ReportData, reportFile, TrainingReport, thinned } from '@easel/exporter/report';
import { metricsFile, type TrainingEvent, trainingOptions } from '@easel/exporter/training';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';

const step = (at: number, losses = { largest: 2, smallest: 3 }): TrainingEvent => ({
  kind: 'step',
  phase: 'training',
  step: at,
  totalSteps: 100,
  imagesSeen: at * 8,
  learningRate: 0.1,
  losses,
  gradientNorm: 1,
  keptClasses: 3,
  imagesPerSecond: 50,
  compileShare: 0,
  dataShare: 0,
  secondsLeft: 60,
  memoryMiB: 100,
});
const accuracy = { largest: 0.75, smallest: 0.5, random: 0.6 };
const evaluation = (at: number): TrainingEvent => ({
  kind: 'evaluation',
  phase: 'training',
  step: at,
  images: 4,
  accuracy,
  tasks: { digits: accuracy },
  confusion: [
    {
      task: 'digits',
      classes: ['</script>', 'b'],
      counts: [
        [3, 1],
        [0, 4],
      ],
    },
  ],
  randomArchitecture: '',
  seconds: 1,
});

describe('TrainingReport', function () {
  this.timeout(60_000);
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'easel-report-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const open = async () =>
    TrainingReport.open({
      directory,
      dataset: await openDataset('glyphs'),
      space: presetSpace('tiny-32'),
      options: trainingOptions(),
      command: 'easel train --data "<b>"',
    });
  const page = () => readFile(reportFile(directory), 'utf8');
  const data = async () => dataInPage(await page()) as unknown as ReportData;

  it('is one file that needs no other, whose scripts are sound and whose data comes back', async () => {
    const report = await open();
    report.add(step(20));
    report.add(evaluation(25));
    await report.end('finished');
    const text = await page();
    expect(text).not.to.match(/<(script|img|link)[^>]*\s(src|href)=/);
    expect(text).not.to.include('http-equiv="refresh"');
    const scripts = [...text.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script]) => script as string);
    expect(scripts).to.have.length(2);
    for (const script of scripts) new vm.Script(script);
    expect(text).to.include('&#60;b&#62;').and.not.to.include('"<b>"');
    const shown = await data();
    expect(shown.confusion).to.deep.equal((evaluation(25) as { confusion?: unknown }).confusion);
    expect(shown.tasks).to.deep.equal([{ task: 'digits', classes: 10, accuracy }]);
    expect(shown.steps.random).to.deep.equal([null]);
    expect(shown.samples).to.have.length(62);
    expect(shown.samples[0]?.source).to.match(/^data:image\/webp;base64,/);
    expect(text.length).to.be.below(1_000_000);
  });

  it('is refreshed at evaluations while the run goes on', async () => {
    const report = await open();
    report.add(step(20));
    report.add(step(40));
    report.add(evaluation(50));
    await report.end('stopped');
    const shown = await data();
    expect(shown.status).to.equal('stopped');
    expect(shown.steps.step).to.deep.equal([20, 40]);
    expect(shown.evaluations.largest).to.deep.equal([0.75]);
    const running = await open();
    running.add(evaluation(60));
    // Written behind the event's back.
    while ((await data()).status !== 'running') await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await page()).to.include('http-equiv="refresh"');
    await running.end('finished');
  });

  it('goes on where a run is resumed: with its metrics, and the last confusion', async () => {
    const first = await open();
    first.add(evaluation(10));
    await first.end('stopped');
    const { confusion: _, ...line } = { confusion: undefined, ...evaluation(10) };
    const lines = [step(5), line].map((event) => JSON.stringify(event));
    await writeFile(metricsFile(directory), `${lines.join('\n')}\n{"kind":"st`);
    const second = await open();
    second.add(step(20));
    await second.end('finished');
    const shown = await data();
    expect(shown.steps.step).to.deep.equal([5, 20]);
    expect(shown.evaluations.step).to.deep.equal([10]);
    expect(shown.confusion).to.have.length(1);
    expect(shown.evaluatedAt).to.equal(10);
  });

  it('thins curves by averaging neighbours', () => {
    expect(
      thinned(
        [
          [1, 2],
          [2, undefined],
          [3, 4],
        ],
        2,
      ),
    ).to.deep.equal([
      [1.5, 2],
      [3, 4],
    ]);
    expect(thinned([[1, undefined]], 5)).to.deep.equal([[1, null]]);
  });
});
