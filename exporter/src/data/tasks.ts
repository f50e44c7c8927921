import { readFile } from 'node:fs/promises';
import { UnknownClassError } from '@easel/sdk/errors';
import * as v from 'valibot';
import { TasksFileError } from '../errors/index.js';
import type { Tasks } from './dataset.js';

export interface TasksFile {
  readonly file: string;
  /** Side of the images in pixels, where the file says so. */
  readonly resolution?: number;
  readonly tasks: Tasks;
}

const side = v.pipe(v.number(), v.integer(), v.minValue(1));
const name = v.pipe(v.string(), v.nonEmpty('a name must not be empty'));
const schema = v.object({
  imageSize: v.optional(v.tuple([side, side])),
  tasks: v.record(name, v.array(name)),
});

/** @throws TasksFileError if the file is missing, is no JSON, or has no task, an empty one or a class twice in one. */
export async function readTasksFile(file: string): Promise<TasksFile> {
  const parsed = v.safeParse(schema, parseJson(file, await readText(file)));
  if (!parsed.success) {
    const problems = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? 'top level'}: ${issue.message}`);
    throw new TasksFileError(
      file,
      `expected {"imageSize"?: [height, width], "tasks": {"NAME": ["CLASS", ...]}}; ${problems.join('; ')}`,
    );
  }
  const { imageSize, tasks } = parsed.output;
  if (Object.keys(tasks).length === 0) throw new TasksFileError(file, '"tasks" is empty; name at least one');
  for (const [task, classes] of Object.entries(tasks)) {
    if (classes.length === 0) throw new TasksFileError(file, `task "${task}" is empty; list its classes`);
    const twice = classes.find((className, i) => classes.indexOf(className) !== i);
    if (twice) throw new TasksFileError(file, `task "${task}" lists class "${twice}" twice`);
  }
  if (!imageSize) return { file, tasks };
  const [height, width] = imageSize;
  if (height !== width) throw new TasksFileError(file, `imageSize must be square, got ${height} x ${width}`);
  return { file, resolution: height, tasks };
}

/**
 * The file's tasks, or the default without one.
 * @throws UnknownClassError if the file names a class that the data set does not have.
 */
export function chooseTasks(
  tasksFile: TasksFile | undefined,
  dataset: string,
  classes: readonly string[],
  byDefault: Tasks = { all: classes },
): Tasks {
  if (!tasksFile) return byDefault;
  for (const [task, members] of Object.entries(tasksFile.tasks)) {
    const unknown = members.find((className) => !classes.includes(className));
    if (unknown !== undefined) {
      const where = `data set ${dataset} (tasks file ${tasksFile.file}, task "${task}")`;
      throw new UnknownClassError(unknown, classes, where);
    }
  }
  return tasksFile.tasks;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new TasksFileError(file, `cannot be read (${(cause as Error).message})`, { cause });
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TasksFileError(file, `is not JSON (${(cause as Error).message})`, { cause });
  }
}
