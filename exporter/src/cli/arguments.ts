import { listed } from '@easel/sdk/errors';
import { parseSearchSpace, presetSpace, presets, type SearchSpace } from '@easel/sdk/space';
import { InvalidArgumentError } from 'commander';
import { readJson } from '../pipeline/files.js';

/** A number that `fits`, as commander's argument parser. */
function number(expected: string, fits: (value: number) => boolean) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value) || !fits(value)) throw new InvalidArgumentError(`It must be ${expected}.`);
    return value;
  };
}

export const positiveNumber = number('a number above 0', (value) => value > 0);
export const positiveInteger = number('a whole number above 0', (value) => Number.isInteger(value) && value > 0);
export const portNumber = number(
  'a port, from 1 to 65535',
  (value) => Number.isInteger(value) && value >= 1 && value <= 65_535,
);
export const wholeNumber = number('a whole number, 0 or more', (value) => Number.isInteger(value) && value >= 0);
export const atLeastZero = number('a number, 0 or more', (value) => value >= 0);
export const integer = number('a whole number', (value) => Number.isSafeInteger(value));
export const fraction = number('a number from 0 to 1', (value) => value >= 0 && value <= 1);

/** Of a device: which names there are, the bundle knows. */
export function profileName(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError("It must be a profile's name, a .json file, or auto.");
  return text;
}

/** "a,b" or "a b": options that take several names accept both ways. */
export function names(text: string, before: readonly string[] = []): readonly string[] {
  const given = text.split(',').map((name) => name.trim());
  if (given.some((name) => name === '')) throw new InvalidArgumentError('It must be names, separated by commas.');
  return [...before, ...given];
}

/**
 * A preset's name, or a JSON file.
 * @throws SearchSpaceError, FileError
 */
export async function searchSpace(text: string): Promise<SearchSpace> {
  if (presets.some(({ name }) => name === text)) return presetSpace(text);
  if (/[/\\]|\.json$/.test(text)) return parseSearchSpace(await readJson(text));
  return presetSpace(text);
}

export const presetNames = listed(presets.map(({ name }) => name));

/** 3000000, 3e6, 3M or 3m: nobody means thousandths of an operation or of a byte. */
export function count(text: string): number {
  const match = /^([\d.]+(?:e\d+)?)([kmg]?)$/i.exec(text.trim());
  const unit = match?.[2]?.toLowerCase() as '' | 'k' | 'm' | 'g' | undefined;
  const value = unit === undefined ? Number.NaN : Number(match?.[1]) * { '': 1, k: 1e3, m: 1e6, g: 1e9 }[unit];
  if (!Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError('It must be a number above 0, such as 3000000 or 3M.');
  }
  return value;
}

/** "1,2,4" */
export function positiveIntegers(text: string): readonly number[] {
  return text.split(',').map(positiveInteger);
}

/** As profiles may be called, which are files and options of programs. */
export function deviceName(text: string): string {
  if (/^[a-z0-9][a-z0-9.-]*$/.test(text)) return text;
  throw new InvalidArgumentError('It must be of lower-case letters, digits, dots and dashes, such as my-phone.');
}

/** Of these flags, those that were given: what is absent has its default elsewhere. */
export function given<Flags extends object, Field extends keyof Flags>(
  flags: Flags,
  fields: readonly Field[],
): Partial<Pick<Flags, Field>> {
  return Object.fromEntries(
    fields.flatMap((field) => (flags[field] === undefined ? [] : [[field, flags[field]]])),
  ) as Partial<Pick<Flags, Field>>;
}
