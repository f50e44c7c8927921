import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { CheckpointError } from '@easel/exporter/errors';
import {
  type Checkpoint,
  MetricsFile,
  readCheckpoint,
  trainingOptions,
  writeCheckpoint,
} from '@easel/exporter/training';
import { presetSpace } from '@easel/sdk/space';
import { tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';

const checkpoint: Checkpoint = {
  run: { space: presetSpace('tiny-32'), classes: ['a', 'b'], tasks: {}, trainSize: 10, options: trainingOptions() },
  step: 7,
  imagesSeen: 896,
  seconds: 1.5,
  normalization: { mean: [1, 2, 3], std: [4, 5, 6] },
  randoms: { tasks: [1, -2, 3, 4] },
  sampler: { seed: 1, random: [1, 2, 3, 4], epochs: [0, 1], positions: [3, 4], sizes: [5, 5] },
  pool: { members: [{ architecture: '32:3x2/3x2/3x2', uses: 2 }] },
  collections: 1,
  weights: new Map([['stem.weight', tensor([1, 2], Float32Array.of(0.1, -0))]]),
  velocity: new Map([['stem.weight', Float32Array.of(3, 4)]]),
  average: new Map([['stem.weight', Float32Array.of(0.5, 6)]]),
  statistics: new Map([['stem', new Map([['any', { mean: tensor([1], Float32Array.of(5)), variance: tensor([1]) }]])]]),
};

describe('checkpoint', () => {
  let directory: string;
  let file: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'easel-checkpoint-'));
    file = join(directory, 'run', 'checkpoint.bin');
  });
  after(() => rm(directory, { recursive: true }));

  const problem = (path: string) =>
    readCheckpoint(path).then(
      () => 'none',
      (error) => {
        expect(error).instanceOf(CheckpointError);
        return (error as Error).message;
      },
    );

  it('comes back as it was written', async () => {
    await writeCheckpoint(file, checkpoint);
    expect(await readCheckpoint(file)).to.deep.equal(checkpoint);
    expect(await readdir(join(directory, 'run'))).to.deep.equal(['checkpoint.bin']);
  });

  it('leaves the old one whole, and nothing beside it, where writing fails', async () => {
    await mkdir(join(directory, 'taken', 'checkpoint.bin', 'inside'), { recursive: true });
    const error = await writeCheckpoint(join(directory, 'taken', 'checkpoint.bin'), checkpoint).catch((e) => e);
    expect(error).instanceOf(Error);
    expect(await readdir(join(directory, 'taken'))).to.deep.equal(['checkpoint.bin']);
  });

  it('is refused when it is missing, truncated or altered', async () => {
    const bytes = await readFile(file);
    const damaged = join(directory, 'damaged.bin');
    expect(await problem(join(directory, 'nowhere.bin'))).to.include('cannot be read');
    for (const length of [0, 10, 100, bytes.length - 1]) {
      await writeFile(damaged, bytes.subarray(0, length));
      expect(await problem(damaged)).to.match(/is truncated|is not a checkpoint/);
    }
    bytes[bytes.length - 3] = 1 + (bytes[bytes.length - 3] as number);
    await writeFile(damaged, bytes);
    expect(await problem(damaged)).to.include('checksum');
    // A number of its state, of which JSON alone would tell nothing.
    const state = await readFile(file);
    const at = state.indexOf('"step":');
    state[at + 7] = state[at + 7] === 0x31 ? 0x32 : 0x31;
    await writeFile(damaged, state);
    expect(await problem(damaged)).to.include('checksum');
  });

  it('is read as early versions wrote it, with a checksum of its arrays alone', async () => {
    const bytes = await readFile(file);
    const start = 12 + bytes.readUInt32LE(8);
    const { checksum: _, ...header } = JSON.parse(bytes.toString('utf8', 12, start));
    const json = Buffer.from(JSON.stringify({ ...header, crc32: crc32(bytes.subarray(start)) }));
    const preamble = Buffer.from(bytes.subarray(0, 12));
    preamble.writeUInt32LE(json.length, 8);
    const early = join(directory, 'early.bin');
    await writeFile(early, Buffer.concat([preamble, json, bytes.subarray(start)]));
    expect(await readCheckpoint(early)).to.deep.equal(checkpoint);
  });
});

describe('MetricsFile', () => {
  it('drops what was written after the checkpoint, and a line that was cut short', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'easel-metrics-'));
    try {
      const file = join(directory, 'metrics.jsonl');
      const first = await MetricsFile.open<{ step: number }>(file, 0);
      for (const step of [1, 2, 3]) await first.write({ step });
      await first.close();
      await writeFile(file, '{"step": 2, "los', { flag: 'a' });
      const second = await MetricsFile.open<{ step: number }>(file, 2);
      await second.write({ step: 30 });
      await second.close();
      expect(await readFile(file, 'utf8')).to.equal('{"step":1}\n{"step":2}\n{"step":30}\n');
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
