import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeAtomically } from './checkpoint.js';

/** Any JSON object with the number of steps done when it was written. */
export interface MetricsLine {
  readonly step: number;
}

/** A file of JSON lines that only grows; resuming cuts off what was written after the checkpoint. */
export class MetricsFile<Line extends MetricsLine> {
  private constructor(readonly handle: FileHandle) {}

  /** Keeps the lines up to and including `step`; 0 starts anew. */
  static async open<Line extends MetricsLine>(file: string, step: number): Promise<MetricsFile<Line>> {
    await mkdir(dirname(file), { recursive: true });
    await writeAtomically(file, Buffer.from(step > 0 ? await linesUpTo(file, step) : ''));
    return new MetricsFile<Line>(await open(file, 'a'));
  }

  async write(line: Line): Promise<void> {
    await this.handle.write(`${JSON.stringify(line)}\n`);
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

async function linesUpTo(file: string, step: number): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => stepOf(line) <= step)
    .map((line) => `${line}\n`)
    .join('');
}

/** A line that a crash cut short counts as written too late. */
function stepOf(line: string): number {
  try {
    return (JSON.parse(line) as MetricsLine).step;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
