import type { Budget, Easel, Request } from '@easel/sdk';
import type { Command } from 'commander';
import { MissingOptionError } from '../errors/index.js';
import { count, names, positiveInteger, positiveNumber, profileName } from './arguments.js';
import { note } from './command.js';

/** What a command that asks a bundle for a subnet takes. */
export interface RequestFlags {
  bundle: string;
  profile?: string;
  threads?: number;
  tasks?: readonly string[];
  classes?: readonly string[];
  latencyMs?: number;
  macs?: number;
  parameters?: number;
  modelBytes?: number;
  accuracy?: number;
}

export function withRequestOptions(command: Command): Command {
  return withBundleOptions(command)
    .option('--tasks <names>', "of the bundle's tasks, separated by commas", names)
    .option('--classes <names>', 'single classes, beside those of the tasks', names)
    .option('--latency-ms <ms>', 'at most this long per image, by the profile', positiveNumber)
    .option('--macs <n>', 'at most so many multiply-accumulates per image (3M = 3000000)', count)
    .option('--parameters <n>', 'at most so many numbers in the model', count)
    .option('--model-bytes <n>', 'at most so large a model file', count)
    .option('--accuracy <share>', 'the cheapest subnet that is predicted to reach it, such as 0.9', positiveNumber);
}

export function withBundleOptions(command: Command): Command {
  return command
    .requiredOption('--bundle <directory>', 'of easel export')
    .option(
      '--profile <profile>',
      "a profile's name in the bundle, a .json file, or auto: measure now (default: the bundle's only one)",
      profileName,
    )
    .option('--threads <n>', "per inference (default: the profile's)", positiveInteger);
}

/** @throws BundleError, ProfileError */
export async function openEasel({ bundle, profile, threads }: RequestFlags): Promise<Easel> {
  const { Easel } = await import('@easel/sdk');
  const { readManifest } = await import('../pipeline/manifest.js');
  const device = profile ?? onlyOne(await readManifest(bundle));
  const easel = await Easel.load(bundle, {
    ...(device === undefined ? {} : { device }),
    ...(threads === undefined ? {} : { threads }),
  });
  for (const warning of easel.warnings) note(`warning: ${warning}`);
  return easel;
}

/** Without a profile, all budgets but latency can still be kept: choosing is then left to the request. */
function onlyOne({ profiles }: { readonly profiles: readonly string[] }): string | undefined {
  const [first, ...others] = profiles;
  return others.length === 0 ? first?.replace(/^.*\/|\.json$/g, '') : undefined;
}

/** @throws MissingOptionError if nothing to tell apart, no budget, or no profile for a latency is given */
export function requestOf(flags: RequestFlags, easel: Easel): Request {
  const { tasks, classes, latencyMs, macs, parameters, modelBytes, accuracy } = flags;
  if (!tasks && !classes) {
    const known = Object.keys(easel.tasks).join(', ');
    throw new MissingOptionError('--tasks or --classes', `what to tell apart; tasks are ${known}`);
  }
  const budget: Budget = {
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(macs === undefined ? {} : { macs }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(modelBytes === undefined ? {} : { modelBytes }),
    ...(accuracy === undefined ? {} : { accuracy }),
  };
  if (Object.keys(budget).length === 0) {
    const flagsOfBudgets = '--latency-ms, --macs, --parameters, --model-bytes and --accuracy';
    throw new MissingOptionError('the budget', `give at least one of ${flagsOfBudgets}`);
  }
  if (latencyMs !== undefined && !easel.profile) {
    const expected =
      easel.devices.length > 0
        ? `one of ${easel.devices.join(', ')}, a .json file, or auto (measure now)`
        : 'auto (measure now), or a .json file of easel profile; the bundle has none';
    throw new MissingOptionError('--profile', `--latency-ms needs ${expected}`);
  }
  return { ...(tasks ? { tasks } : {}), ...(classes ? { classes } : {}), budget };
}
