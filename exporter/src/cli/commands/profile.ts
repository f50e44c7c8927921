import { availableParallelism } from 'node:os';
import type { DeviceProfile } from '@easel/sdk/profile';
import type { ProfileProgress } from '@easel/sdk/profiling';
import { presetSpace, presets, type SearchSpace } from '@easel/sdk/space';
import type { Command } from 'commander';
import { MissingOptionError } from '../../errors/index.js';
import type { Configuration } from '../../profiling/web/job.js';
import {
  deviceName,
  integer,
  portNumber,
  positiveInteger,
  positiveIntegers,
  presetNames,
  searchSpace,
  wholeNumber,
} from '../arguments.js';
import { easelCommand, note, print } from '../command.js';
import { describeCheck } from '../describe/check.js';
import { describeProfile } from '../describe/profile.js';
import { interruptible } from '../interrupt.js';
import { ProgressGroup } from '../progress-group.js';
import { percent } from '../table.js';

interface Flags {
  space?: string;
  out?: string;
  check?: string;
  browser?: boolean;
  remote?: boolean;
  visible?: boolean;
  webgpu?: boolean;
  port?: number;
  name?: string;
  threads?: readonly number[];
  classes: number;
  subnets?: number;
  heldOut: number;
  seconds?: number;
  seed: number;
  allowNoise?: boolean;
  quiet?: boolean;
}

export function profileCommand(): Command {
  return easelCommand('profile', 'Measure how long subnets take on this machine, in a browser, or on another device.', [
    'easel profile --space tiny-32 --threads 1 --out profile.json',
    'easel profile --space mobile-32 --threads 1,4 --out profiles',
    'easel profile --space mobile-32 --browser --threads 1,2 --out profiles',
    'easel profile --space mobile-32 --remote --out profiles      # then scan the code with a phone',
    'ssh board npx @easel/exporter profile --space mobile-32 > board.json',
    'easel profile --check device-profiles/my-server.json',
  ])
    .option(
      '--space <space>',
      `a preset (${presetNames}) or a JSON file (default: tiny-32; with --check: the profile's)`,
    )
    .option('--out <path>', 'where the profile goes; a directory where there are several (default: one is printed)')
    .option('--check <file>', 'measure 20 subnets and say whether this profile still holds; exit code 1 if not')
    .option('--browser', "measure in this machine's Chromium instead of in Node")
    .option('--visible', 'with --browser: show its window')
    .option('--remote', 'serve a page that measures whatever browser opens it, such as a phone')
    .option('--port <n>', 'with --remote: where (default: any that is free)', portNumber)
    .option('--webgpu', 'in browsers: WebGPU too')
    .option(
      '--name <name>',
      'of the profile; of several, each gets its threads appended (default: from CPU, runtime, threads and search space)',
      deviceName,
    )
    .option('--threads <list>', 'per inference; several are measured in turn (default: 1)', positiveIntegers)
    .option('--classes <n>', 'that the classifier tells apart', positiveInteger, 10)
    .option('--subnets <n>', 'to fit the table to (default: four per term of the table)', positiveInteger)
    .option('--held-out <n>', 'more subnets, to measure the error of the table on', wholeNumber, 40)
    .option(
      '--seconds <n>',
      'at most about this long; it ends early when good (default: 45, browsers 150)',
      positiveInteger,
    )
    .option('--seed <n>', 'of which subnets are drawn', integer, 0)
    .option('--allow-noise', 'write the profile even if the device was too noisy to be trusted')
    .option('--quiet', 'no progress')
    .action(run);
}

async function run(flags: Flags, command: Command): Promise<void> {
  const where = (['check', 'browser', 'remote'] as const).filter((flag) => flags[flag]);
  if (where.length > 1) command.error(`error: --${where.join(' and --')} exclude each other`);
  if (flags.check !== undefined) return check(flags.check, flags);
  const { out } = flags;
  const space = await searchSpace(flags.space ?? 'tiny-32');
  const configurations = configurationsOf(flags);
  const several = configurations.length > 1;
  if (several && out === undefined) {
    command.error("error: option '--out <path>' is needed where several profiles are measured");
  }
  const progress = new ProgressGroup(flags.quiet);
  const { assertQuiet, writeProfiles } = await import('../../pipeline/profile.js');
  const { priorityWarning } = await import('../../profiling/index.js');
  // A browser that is started here inherits the priority.
  const warning = flags.remote ? undefined : priorityWarning(Math.max(...configurations.map(({ threads }) => threads)));
  if (warning !== undefined) note(`warning: ${warning}`);
  try {
    const profiles = await interruptible('stopping; nothing will be written', (signal) =>
      flags.browser || flags.remote
        ? inBrowser(space, configurations, flags, progress, signal)
        : inNode(space, configurations, flags, progress, signal),
    );
    progress.stop();
    const { allowNoise = false } = flags;
    const described = profiles.map(describeProfile).join('\n\n');
    if (out === undefined) {
      for (const profile of profiles) assertQuiet(profile, allowNoise);
      note(described);
      print(JSON.stringify(profiles[0], undefined, 2));
      return;
    }
    for (const file of await writeProfiles(profiles, { out, several, allowNoise })) note(`written: ${file}`);
    print(described);
  } finally {
    progress.stop();
  }
}

/** A phone is asked for all that it can do; where it cannot, it says why. */
function configurationsOf({ remote, browser, threads, webgpu }: Flags): Configuration[] {
  const counts = threads ?? (remote ? [1, Math.min(4, availableParallelism())] : [1]);
  const wasm = [...new Set(counts)].map((count): Configuration => ({ provider: 'wasm', threads: count }));
  const withGpu = (remote && threads === undefined) || ((remote || browser) && webgpu);
  return withGpu ? [...wasm, { provider: 'webgpu', threads: 1 }] : wasm;
}

async function inNode(
  space: SearchSpace,
  configurations: readonly Configuration[],
  { classes, subnets, heldOut, seconds = 45, seed, name }: Flags,
  progress: ProgressGroup,
  signal: AbortSignal,
): Promise<DeviceProfile[]> {
  const { uninterrupted } = await import('../../pipeline/profile.js');
  const { nameFor, profileThisMachine } = await import('../../profiling/index.js');
  const profiles: DeviceProfile[] = [];
  for (const configuration of configurations) {
    const { threads } = configuration;
    const profile = await uninterrupted(signal, () =>
      profileThisMachine(space, {
        threads,
        classes,
        heldOut,
        seconds,
        seed,
        signal,
        ...(name === undefined ? {} : { name: nameFor(name, configuration, configurations.length > 1) }),
        ...(subnets === undefined ? {} : { subnets }),
        onProgress: (state) => showProfiling(progress, labelOf(configurations, `threads: ${threads}`), state),
      }),
    );
    profiles.push(profile);
  }
  return profiles;
}

async function inBrowser(
  space: SearchSpace,
  configurations: readonly Configuration[],
  flags: Flags,
  progress: ProgressGroup,
  signal: AbortSignal,
): Promise<DeviceProfile[]> {
  const { classes, subnets, heldOut, seconds = 150, seed, name, visible = false, port } = flags;
  const { uninterrupted } = await import('../../pipeline/profile.js');
  const { describeConfiguration, profileChromium, profileRemote } = await import('../../profiling/index.js');
  const options = {
    configurations,
    options: { classes, heldOut, seconds, seed, ...(subnets === undefined ? {} : { subnets }) },
    ...(name === undefined ? {} : { name }),
    signal,
    onProgress: (configuration: Configuration, state: ProfileProgress) =>
      showProfiling(progress, labelOf(configurations, describeConfiguration(configuration)), state),
    onSkipped: (configuration: Configuration, reason: string) =>
      progress.log(`left out: ${describeConfiguration(configuration)}: ${reason}`),
  };
  return uninterrupted(signal, async () => {
    if (flags.browser) return profileChromium(space, { ...options, visible });
    const { renderUnicodeCompact } = await import('uqr');
    return profileRemote(space, {
      ...options,
      ...(port === undefined ? {} : { port }),
      onListening: (url) => note(`${renderUnicodeCompact(url)}\n${invitation(url)}\n`),
    });
  });
}

/** Where to open the page. In the local network it is no secure page, for which browsers keep threads and WebGPU. */
function invitation(url: string): string {
  const { port, pathname } = new URL(url);
  return (
    `Open this on the device to be measured: ${url}\n` +
    `For several threads and WebGPU, Android over USB: adb reverse tcp:${port} tcp:${port}, then there ` +
    `http://localhost:${port}${pathname}`
  );
}

async function check(file: string, { space, quiet }: Flags): Promise<void> {
  const { checkProfileFile } = await import('../../pipeline/check-profile.js');
  const progress = new ProgressGroup(quiet);
  try {
    const checked = await interruptible('stopping', (signal) =>
      checkProfileFile(file, (name) => spaceOfProfile(name, space), {
        signal,
        onWarning: (warning) => note(`warning: ${warning}`),
        onProgress: (done, total) => progress.update('measuring', done, total),
      }),
    );
    progress.stop();
    print(describeCheck(file, checked));
    if (!checked.holds) process.exitCode = 1;
  } finally {
    progress.stop();
  }
}

/** Presets are known by the name that the profile tells; of another search space it takes the file. */
async function spaceOfProfile(name: string, given: string | undefined): Promise<SearchSpace> {
  if (given !== undefined) return searchSpace(given);
  if (presets.some((preset) => preset.name === name)) return presetSpace(name);
  throw new MissingOptionError(
    '--space',
    `the profile is of search space ${name}, which is no preset: give its JSON file`,
  );
}

const labelOf = (configurations: readonly Configuration[], which: string) =>
  configurations.length > 1 ? `measuring (${which})` : 'measuring';

function showProfiling(progress: ProgressGroup, label: string, { done, total, secondsLeft, error }: ProfileProgress) {
  const expected = error ? `${percent(error.within5)} expected within 5 %` : '';
  progress.update(label, done, total, expected, secondsLeft);
}
