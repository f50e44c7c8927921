import { readdir } from 'node:fs/promises';
import { EaselError } from '@easel/sdk/errors';
import type { Benchmark } from './benchmark.js';
import { HelpWanted, UsageError } from './support/flags.js';

/** `npm run -s bench -- NAME [arguments]`: one file per benchmark, whose last line of output is one JSON object. */
const [name, ...args] = process.argv.slice(2);
const helpers = new Set(['main', 'benchmark']);
const known = (await readdir(import.meta.dirname))
  .filter((file) => file.endsWith('.js'))
  .map((file) => file.slice(0, -'.js'.length))
  .filter((file) => !helpers.has(file))
  .sort();
const load = async (file: string) => ((await import(`./${file}.js`)) as { benchmark: Benchmark }).benchmark;

if (name !== undefined && known.includes(name)) {
  const benchmark = await load(name);
  try {
    console.log(JSON.stringify(await benchmark.run(args)));
  } catch (error) {
    if (error instanceof HelpWanted) console.log(`${name}: ${benchmark.summary}\n${error.message}`);
    else if (error instanceof UsageError || error instanceof EaselError) {
      console.error(`bench ${name}: ${error.message}`);
      process.exitCode = 1;
    } else throw error;
  }
} else {
  const isHelp = name === '--help';
  const say = isHelp ? console.log : console.error;
  say(name === undefined || isHelp ? 'Which benchmark?' : `There is no benchmark "${name}".`);
  for (const file of known) say(`  ${file.padEnd(14)} ${(await load(file)).summary}`);
  if (!isHelp) process.exitCode = 1;
}
