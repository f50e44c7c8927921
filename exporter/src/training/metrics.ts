import { type FileHandle, open, readFile } from 'node:fs/promises';
import { FileError } from '../errors/index.js';
import { writeAtomically, writeProblem } from '../files/index.js';

/** Any JSON object with the number of steps done when it was written. */
export interface MetricsLine {
  readonly step: number;
}

/** A file of JSON lines that only grows; resuming cuts off what was written after the checkpoint. */
export class MetricsFile<Line extends MetricsLine> {
  private constructor(
    readonly file: string,
    readonly handle: FileHandle,
  ) {}

  /** Keeps the lines up to and including `step`; 0 starts anew. */
  static async open<Line extends MetricsLine>(file: string, step: number): Promise<MetricsFile<Line>> {
    try {
      await writeAtomically(file, step > 0 ? await linesUpTo(file, step) : '');
      return new MetricsFile<Line>(file, await open(file, 'a'));
    } catch (cause) {
      throw new FileError(file, writeProblem(cause), { cause });
    }
  }

  /** @throws FileError if the disk is full or cannot be written */
  async write(line: Line): Promise<void> {
    try {
      await this.handle.writeFile(`${JSON.stringify(line)}\n`);
    } catch (cause) {
      throw new FileError(this.file, writeProblem(cause), { cause });
    }
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
