import { defaultTrainingOptions } from '@easel/exporter/training';
import { expect } from 'chai';
import { easel } from './run-easel.js';

const commands = [
  'train',
  'adapt',
  'profile',
  'generator',
  'export',
  'specialize',
  'evaluate',
  'classify',
  'inspect',
  'agent',
];

describe('easel: help', function () {
  this.timeout(60_000);

  it('lists every command', async () => {
    const { code, stdout } = await easel(['--help']);
    expect(code).to.equal(0);
    for (const command of commands) expect(stdout).to.match(new RegExp(`^  ${command} `, 'm'));
  });

  it('prints its version', async () => {
    const { code, stdout } = await easel(['--version']);
    expect(code).to.equal(0);
    expect(stdout.trim()).to.match(/^\d+\.\d+\.\d+$/);
  });

  it('shows options and examples of every command', async () => {
    await Promise.all(
      commands.map(async (command) => {
        const { code, stdout, stderr } = await easel([command, '--help']);
        expect(stderr).to.equal('');
        expect(code).to.equal(0);
        expect(stdout).to.include(`Usage: easel ${command}`).and.to.include('--debug');
        expect(stdout).to.match(new RegExp(`Examples:\\n( {2}\\$ easel ${command}.*\\n?)+`));
      }),
    );
  });

  it('says in which order commands follow each other, and what to type', async () => {
    const { stdout } = await easel(['--help']);
    expect(stdout)
      .to.match(/train, .*profile .*, generator, export\n/)
      .and.to.include('npx easel COMMAND');
  });

  it('states the defaults that training has', async () => {
    const { stdout } = await easel(['train', '--help']);
    const told = new Map(
      [...stdout.matchAll(/^ {2}--([a-z-]+)((?: .*\n)(?: {10}.*\n)*)/gm)].map(([, flag, text]) => [
        flag as string,
        /\(default: (\S+)\)/.exec((text as string).replace(/\s+/g, ' '))?.[1],
      ]),
    );
    const { taskDropout, ...options } = defaultTrainingOptions;
    const { epochs, finishingEpochs, batchSize, learningRate, finishingLearningRate, weightDecay } = options;
    const { labelSmoothing, randomSubnets, averaging, divergence, temperature, seed } = options;
    for (const [flag, value] of Object.entries({
      ...{ epochs, seed, averaging, divergence, temperature, 'keep-all': taskDropout.keepAll },
      ...{ 'finishing-epochs': finishingEpochs, 'batch-size': batchSize, 'learning-rate': learningRate },
      ...{ 'finishing-learning-rate': finishingLearningRate, 'weight-decay': weightDecay },
      ...{ 'label-smoothing': labelSmoothing, 'random-subnets': randomSubnets },
    })) {
      const shown = told.get(flag);
      expect(typeof value === 'number' ? Number(shown) : shown, flag).to.equal(value);
    }
  });

  it('names an unknown option', async () => {
    const { code, stdout, stderr } = await easel(['train', '--epcohs', '3']);
    expect(code).to.equal(1);
    expect(stdout).to.equal('');
    expect(stderr).to.include("unknown option '--epcohs'").and.to.include('--epochs');
    expect(stderr).to.include('easel train --help');
  });

  it('names an unknown command', async () => {
    const { code, stderr } = await easel(['trian']);
    expect(code).to.equal(1);
    expect(stderr).to.include("unknown command 'trian'").and.to.include('train');
  });

  it('names a required option that is missing', async () => {
    const { code, stderr } = await easel(['export', '--run', 'runs/x']);
    expect(code).to.equal(1);
    expect(stderr).to.include("required option '--out <directory>' not specified");
  });
});
