import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseProfile } from '@easel/sdk/profile';
import { parseSearchSpace, presetSpace, presets } from '@easel/sdk/space';
import { FileError } from '../../errors/index.js';
import { readProblem } from '../../files/index.js';
import { namesIn, readJson } from '../../pipeline/files.js';
import { presetNames } from '../arguments.js';
import { describeBundle } from './bundle.js';
import { describeModel } from './model.js';
import { describeProfile } from './profile.js';
import { describeCheckpoint, describeRun } from './run.js';
import { describeSpace } from './space.js';

const VALID = `a bundle or run directory, a checkpoint, a profile, an .onnx file, or a search space (${presetNames})`;

/**
 * What a file, directory or preset is, in lines for a person.
 * @throws FileError if it is none of these; else what is wrong with it
 */
export async function describe(what: string): Promise<string> {
  const stats = await stat(what).catch((cause) => {
    if (presets.some(({ name }) => name === what)) return undefined;
    throw new FileError(what, `${readProblem(cause)}; expected ${VALID}`, { cause });
  });
  if (!stats) return describeSpace(presetSpace(what));
  return stats.isDirectory() ? describeDirectory(what) : describeFile(what);
}

async function describeDirectory(directory: string): Promise<string> {
  const found = await namesIn(directory);
  if (found.includes('manifest.json')) return describeBundle(directory);
  if (found.includes('run.json')) return describeRun(directory);
  if (found.includes('checkpoint.bin')) return describeCheckpoint(join(directory, 'checkpoint.bin'));
  throw new FileError(directory, `holds neither manifest.json nor run.json; expected ${VALID}`);
}

async function describeFile(file: string): Promise<string> {
  if (/\.onnx$/i.test(file)) return describeModel(file);
  if (/\.json$/i.test(file)) return describeJson(file);
  if ((await firstBytes(file, 8)) === 'EASELCK1') return describeCheckpoint(file);
  throw new FileError(file, `is nothing that Easel knows; expected ${VALID}`);
}

async function describeJson(file: string): Promise<string> {
  const document = await readJson(file);
  const has = (field: string) => typeof document === 'object' && document !== null && field in document;
  if (has('terms')) return describeProfile(parseProfile(document));
  if (has('units')) return describeSpace(parseSearchSpace(document));
  if (has('files') && has('supernet')) return describeBundle(join(file, '..'));
  if (has('data') && has('options')) return describeRun(join(file, '..'));
  throw new FileError(file, 'is neither a device profile nor a search space, a run.json nor a manifest.json');
}

async function firstBytes(file: string, count: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
