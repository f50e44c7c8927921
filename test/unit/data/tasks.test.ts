import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset } from '@easel/exporter/data';
import { TasksFileError } from '@easel/exporter/errors';
import { UnknownClassError } from '@easel/sdk/errors';
import { expect } from 'chai';
import { type ErrorClass, rejection, withFolder } from './scratch.js';

/** What opening glyphs says to a tasks file with this text. */
async function errorOf<E extends Error>(text: string, errorClass: ErrorClass<E>): Promise<E> {
  return withFolder(async (folder) => {
    const tasksFile = join(folder, 'tasks.json');
    await writeFile(tasksFile, text);
    return rejection(openDataset('glyphs', { tasksFile }), errorClass);
  });
}

describe('tasks file', () => {
  it('replaces the default tasks and sets the resolution', () =>
    withFolder(async (folder) => {
      const tasksFile = join(folder, 'tasks.json');
      await writeFile(tasksFile, JSON.stringify({ imageSize: [24, 24], tasks: { ten: ['1', '0'] } }));
      const dataset = await openDataset('glyphs', { tasksFile });
      expect(dataset.tasks).to.deep.equal({ ten: ['1', '0'] });
      expect(dataset.resolution).to.equal(24);
      expect((await openDataset('glyphs', { tasksFile, resolution: 40 })).resolution).to.equal(40);
    }));

  it('naming a class that does not exist lists the classes that do', async () => {
    const error = await errorOf('{"tasks": {"digits": ["1", "ten"]}}', UnknownClassError);
    expect(error.className).to.equal('ten');
    expect(error.known.length).to.equal(62);
    expect(error.message).to.include('tasks.json').and.include('"digits"').and.include('0, 1, 2');
  });

  it('that is missing or malformed is named', async () => {
    const missing = await rejection(openDataset('glyphs', { tasksFile: '/nowhere/tasks.json' }), TasksFileError);
    expect(missing.message).to.include('/nowhere/tasks.json');
    for (const [text, problem] of [
      ['{"tasks": ', 'JSON'],
      ['[]', '"tasks"'],
      ['{"tasks": {"a": "1"}}', 'tasks.a'],
      ['{"tasks": {"a": [1]}}', 'tasks.a.0'],
      ['{"tasks": {"a": ["1"]}, "imageSize": [0, 32]}', 'imageSize.0'],
      ['{"tasks": {"a": ["1"]}, "imageSize": [32, 48]}', 'square'],
      ['{"tasks": {}}', 'empty'],
      ['{"tasks": {"a": ["1"], "b": []}}', 'task "b" is empty'],
      ['{"tasks": {"a": ["1", "2", "1"]}}', 'twice'],
    ] as const) {
      const error = await errorOf(text, TasksFileError);
      expect(error.message, text).to.include('tasks.json').and.include(problem);
    }
  });
});
