import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBundle } from '@easel/exporter/bundle';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import sharp from 'sharp';
import { proportionalProfile, randomBundleContents } from '../../fixtures/bundle.js';
import { easel } from './run-easel.js';
import { smallTraining, writeSmallProject, writeTrainingOptions } from './small-project.js';

/** Exit code 1, one line that holds all of these, nothing on stdout, and no files but those that were there. */
async function expectRefusal(directory: string, words: readonly string[], told: readonly string[]): Promise<void> {
  const before = await filesIn(directory);
  const { code, stdout, stderr } = await easel(words, directory);
  expect(code, stderr).to.equal(1);
  expect(stdout).to.equal('');
  const lines = stderr.split('\n').filter((line) => line.startsWith('error: '));
  expect(lines, stderr).to.have.length(1);
  for (const part of told) expect(lines[0]).to.include(part);
  expect(stderr).not.to.include('    at ').and.not.to.include('"nothing"');
  expect(await filesIn(directory)).to.deep.equal(before);
}

async function filesIn(directory: string): Promise<string[]> {
  return (await readdir(directory, { recursive: true })).filter((path) => !path.startsWith('.cache')).sort();
}

const specialize = ['specialize', '--bundle', 'bundle', '--no-measure', '--out', 'subnet.onnx'];
const onSlowBoard = ['--profile', 'slow-board'];

describe('easel: bad input', function () {
  this.timeout(60_000);
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'easel-bad-input-'));
    await writeSmallProject(directory);
    await writeTrainingOptions(directory, 1);
    const space = presetSpace('tiny-32');
    await writeBundle(join(directory, 'bundle'), randomBundleContents(space));
    await writeFile(join(directory, 'other-space.json'), JSON.stringify(otherSpaceProfile()));
    const picture = await sharp({ create: { width: 32, height: 32, channels: 3, background: '#808080' } })
      .jpeg()
      .toBuffer();
    await writeFile(join(directory, 'whole.jpg'), picture);
    await writeFile(join(directory, 'truncated.jpg'), picture.subarray(0, picture.length / 2));
  });

  after(() => rm(directory, { recursive: true, force: true }));

  const otherSpaceProfile = () =>
    proportionalProfile(presetSpace('mobile-32'), { name: 'other', millisecondsPerMillionMacs: 1 });

  it('names the engines there are, and says how to install one that is missing', async () => {
    const words = ['train', ...smallTraining, '--out', 'run', '--engine'];
    await expectRefusal(directory, [...words, 'torch'], ["'torch'", 'onnx, tfjs']);
    await expectRefusal(directory, [...words, 'onnx', '--device', 'gpu'], ["'gpu'", 'cpu, webgpu']);
    await expectRefusal(directory, [...words, 'tfjs', '--device', 'webgpu'], ['"webgpu"', 'valid: cpu']);
    const installed = await import('@tensorflow/tfjs-node' as string).catch(() => undefined);
    if (!installed) await expectRefusal(directory, [...words, 'tfjs'], ['npm install @tensorflow/tfjs-node']);
  });

  it('an unknown task', () =>
    expectRefusal(
      directory,
      [...specialize, '--tasks', 'birds', '--macs', '3M'],
      ['"birds"', 'insects, pets, canines'],
    ));

  it('an unknown class', () =>
    expectRefusal(directory, [...specialize, '--classes', 'ant,owl', '--macs', '3M'], ['"owl"', 'ant, bee, cat']));

  it('a task of a single class, which nothing can be told from', () =>
    expectRefusal(directory, [...specialize, '--tasks', 'cats', '--macs', '3M'], ['cat', 'at least two']));

  it('a directory where the model should go, and a port that is none', async () => {
    await expectRefusal(
      directory,
      ['specialize', '--bundle', 'bundle', '--no-measure', '--tasks', 'pets', '--macs', '3M', '--out', 'bundle'],
      ['bundle: cannot be written', 'a directory is there'],
    );
    await expectRefusal(directory, ['agent', '--port', '70000'], ['--port', "'70000'", 'from 1 to 65535']);
    const remote = ['profile', '--remote', '--out', 'profile.json', '--port', '65536'];
    await expectRefusal(directory, remote, ['--port', 'from 1 to 65535']);
  });

  it('no task and no budget', async () => {
    await expectRefusal(
      directory,
      [...specialize, '--macs', '3M'],
      ['--tasks or --classes is missing', 'tasks are insects'],
    );
    await expectRefusal(
      directory,
      [...specialize, '--tasks', 'pets'],
      ['the budget is missing: give at least one of --latency-ms, --macs'],
    );
  });

  for (const value of ['0', '-1', 'NaN', 'fast', '']) {
    it(`a latency budget of "${value}"`, () =>
      expectRefusal(
        directory,
        [...specialize, ...onSlowBoard, '--tasks', 'pets', '--latency-ms', value],
        ["'--latency-ms <ms>'", `'${value}'`, 'a number above 0'],
      ));
  }

  it('a budget under the minimum, which is named', async () => {
    const { code, stderr } = await easel([...specialize, '--tasks', 'pets', '--macs', '1000'], directory);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^error: no subnet fits macs <= 1000: the smallest needs \d{7}\n$/);
    await expectRefusal(
      directory,
      [...specialize, ...onSlowBoard, '--tasks', 'pets', '--latency-ms', '0.01'],
      ['latencyMs <= 0.01', 'the smallest needs'],
    );
  });

  it('a budget of latency without a choice among the profiles', () =>
    expectRefusal(
      directory,
      [...specialize, '--tasks', 'pets', '--latency-ms', '1'],
      ['--profile is missing: --latency-ms needs one of slow-board, fast-board, a .json file, or auto'],
    ));

  it('a profile without a name', () =>
    expectRefusal(
      directory,
      [...specialize, '--tasks', 'pets', '--latency-ms', '1', '--profile', ''],
      ["'--profile <profile>' argument ''", "It must be a profile's name, a .json file, or auto."],
    ));

  it('an unknown profile, and one of another search space', async () => {
    const request = [...specialize, '--tasks', 'pets', '--latency-ms', '1'];
    await expectRefusal(directory, [...request, '--profile', 'phone'], ['phone', 'slow-board, fast-board']);
    await expectRefusal(directory, [...request, '--profile', 'other-space.json'], ['mobile-32', 'tiny-32']);
    await expectRefusal(directory, [...request, '--profile', 'nosuch.json'], ['nosuch.json', 'no such file']);
  });

  it('a missing and a truncated image, while the others are classified', async () => {
    const words = ['classify', '--bundle', 'bundle', '--tasks', 'pets', '--macs', '3M'];
    const { code, stdout, stderr } = await easel([...words, 'nosuch.jpg', 'truncated.jpg', 'whole.jpg'], directory);
    expect(code).to.equal(1);
    expect(stdout).to.match(/^whole\.jpg: (cat|dog) \d+\.\d %, (cat|dog) \d+\.\d %\n$/);
    const lines = stderr.trim().split('\n');
    expect(lines).to.have.length(2);
    expect(lines[0]).to.match(/^error: .*nosuch\.jpg/);
    expect(lines[1]).to.match(/^error: .*truncated\.jpg/);
  });

  it('a bundle that is not there, or lacks a file, or was altered', async () => {
    const request = ['specialize', '--tasks', 'pets', '--macs', '3M', '--out', 'subnet.onnx', '--bundle'];
    await expectRefusal(directory, [...request, 'nosuch'], ['manifest.json', 'nosuch']);
    const broken = join(directory, 'broken');
    await cp(join(directory, 'bundle'), broken, { recursive: true });
    const model = await readFile(join(broken, 'supernet.onnx'));
    model[model.length >> 1] = (model[model.length >> 1] as number) ^ 1;
    await writeFile(join(broken, 'supernet.onnx'), model);
    await expectRefusal(directory, [...request, 'broken'], ['supernet.onnx', 'altered']);
    await rm(join(broken, 'supernet.onnx'));
    await expectRefusal(directory, [...request, 'broken'], ['supernet.onnx', 'is missing']);
    await expectRefusal(directory, ['inspect', 'broken'], ['supernet.onnx', 'is missing']);
  });

  it('data that is not there, and an image folder with an empty class', async () => {
    const rest = ['--space', 'space.json', '--out', 'run'];
    await expectRefusal(directory, ['train', '--data', 'nosuch', ...rest], ['nosuch', 'does not exist', 'glyphs']);
    await cp(join(directory, 'images'), join(directory, 'holes'), { recursive: true });
    await rm(join(directory, 'holes', 'train', 'red'), { recursive: true });
    await mkdir(join(directory, 'holes', 'train', 'red'));
    await expectRefusal(directory, ['train', '--data', 'holes', ...rest], ['train/red', 'no image']);
  });

  it('a tasks file that names a class which does not exist', async () => {
    await writeFile(join(directory, 'wrong-tasks.json'), JSON.stringify({ tasks: { warm: ['red', 'orange'] } }));
    const words = ['train', '--data', 'images', '--tasks-file', 'wrong-tasks.json', '--space', 'space.json'];
    await expectRefusal(directory, [...words, '--out', 'run'], ['"orange"', 'wrong-tasks.json', 'blue, green, red']);
  });

  it('search spaces and options that are none', async () => {
    await expectRefusal(
      directory,
      ['train', '--space', 'tiny-33', '--out', 'run'],
      ['"tiny-33"', 'tiny-32, mobile-32'],
    );
    await expectRefusal(directory, ['profile', '--space', 'nosuch.json', '--out', 'p.json'], ['nosuch.json']);
    await writeFile(join(directory, 'wrong-options.json'), '{"epoch": 3}');
    const words = ['train', '--data', 'images', '--space', 'space.json', '--out', 'run', '--options'];
    await expectRefusal(directory, [...words, 'wrong-options.json'], ['"epoch"', 'epochs, finishingEpochs']);
    await expectRefusal(directory, [...words, 'truncated.jpg'], ['truncated.jpg', 'is not JSON']);
    await writeFile(join(directory, 'no-options.json'), 'null');
    await expectRefusal(directory, [...words, 'no-options.json'], ['no-options.json', 'no JSON object']);
    const ignored = ['train', '--resume', '--out', 'run', '--tasks-file', 'tasks.json'];
    await expectRefusal(directory, ignored, ['--data is missing', '--tasks-file goes with it']);
  });

  it('profiles to check that are none, are broken, or belong elsewhere', async () => {
    const check = async (name: string, document: unknown, told: readonly string[]) => {
      await writeFile(join(directory, name), typeof document === 'string' ? document : JSON.stringify(document));
      await expectRefusal(directory, ['profile', '--check', name, '--quiet'], told);
    };
    const profile = proportionalProfile(presetSpace('tiny-32'), { name: 'board', millisecondsPerMillionMacs: 1 });
    await expectRefusal(directory, ['profile', '--check', 'nosuch.json'], ['nosuch.json', 'does not exist']);
    await check('broken.json', JSON.stringify(profile).slice(0, 200), ['broken.json', 'is not JSON']);
    const [terms] = profile.terms;
    await check('negative.json', { ...profile, terms: [{ ...terms, base: -1 }] }, ['board', 'terms.0.base']);
    await check('nan.json', { ...profile, terms: [{ ...terms, base: Number.NaN }] }, ['board', 'terms.0.base']);
    const space = { ...profile.space, fingerprint: '0123456789abcdef' };
    await check('elsewhere.json', { ...profile, space }, ['board', '0123456789abcdef', 'measure this device again']);
    const runtime = { ...profile.runtime, engine: 'onnxruntime-web', provider: 'webgpu' };
    await check('gpu.json', { ...profile, runtime }, ['onnxruntime-web, webgpu', 'onnxruntime-node, cpu']);
  });

  it('ways to profile that exclude each other, and profiles without a place', async () => {
    const words = ['profile', '--space', 'space.json'];
    await expectRefusal(directory, [...words, '--browser', '--remote', '--out', 'p'], ['--browser and --remote']);
    await expectRefusal(directory, [...words, '--threads', '1,2'], ['--out <path>', 'several']);
    await expectRefusal(directory, [...words, '--threads', '1,x', '--out', 'p'], ["'1,x'", 'a whole number above 0']);
    await expectRefusal(
      directory,
      [...words, '--name', 'My Phone', '--out', 'p'],
      ["'My Phone'", 'lower-case letters'],
    );
    await expectRefusal(directory, ['agent', '--port', '0'], ["'0'", 'a port, from 1 to 65535']);
  });

  it('a run directory that is not empty, and directories that are no run', async () => {
    await expectRefusal(directory, ['train', ...smallTraining, '--out', 'images'], ['images', 'not empty', '--resume']);
    await expectRefusal(directory, ['train', '--out', 'images', '--resume'], ['images', 'no run to resume']);
    await expectRefusal(directory, ['generator', '--run', 'images'], ['images', 'run.json']);
    await expectRefusal(directory, ['export', '--run', 'nosuch', '--out', 'new'], ['nosuch', 'easel train']);
  });

  it('what inspect does not know', async () => {
    await expectRefusal(directory, ['inspect', 'whole.jpg'], ['whole.jpg', 'nothing that Easel knows']);
    await expectRefusal(directory, ['inspect', 'tasks.json'], ['tasks.json', 'neither a device profile nor']);
    await writeFile(join(directory, 'broken.onnx'), 'no model');
    await expectRefusal(directory, ['inspect', 'broken.onnx'], ['broken.onnx', 'no ONNX model']);
  });

  it('shows the stack with --debug only', async () => {
    const { code, stderr } = await easel(['inspect', 'nosuch', '--debug'], directory);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^error: nosuch: does not exist/);
    expect(stderr).to.include('    at ');
  });
});
