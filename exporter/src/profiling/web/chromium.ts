import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { MissingDependencyError } from '@easel/sdk/errors';
import type { Browser } from 'playwright-core';
import { DeviceError } from '../../errors/index.js';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * A system's Chromium: EASEL_CHROMIUM, or the first of the usual names in PATH.
 * @throws DeviceError that says how to get one
 */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment.EASEL_CHROMIUM;
  if (named) {
    if (isExecutable(named)) return named;
    throw new DeviceError(`EASEL_CHROMIUM is ${named}, which is no program that can be run`);
  }
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
  if (found) return found;
  throw new DeviceError(
    `Chromium is needed, and PATH has none of ${names.join(', ')}; install it (Debian: apt-get install chromium) or ` +
      'set EASEL_CHROMIUM to its path',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface ChromiumOptions {
  /** Computed in software (SwiftShader), so that it is there on every machine. */
  readonly webgpu?: boolean;
  /** Show the window. */
  readonly visible?: boolean;
  /** More of Chromium's own. */
  readonly flags?: readonly string[];
}

/** Chromium with a fresh profile of its own. */
export async function launchChromium({
  webgpu = false,
  visible = false,
  flags = [],
}: ChromiumOptions = {}): Promise<Browser> {
  const { chromium } = await import('playwright-core').catch((cause) => {
    throw new MissingDependencyError('playwright-core', 'driving a browser', { cause });
  });
  return chromium.launch({
    executablePath: findChromium(),
    headless: !visible,
    args: [
      ...(visible ? [] : ['--headless']),
      // Containers often run as root, where Chromium's sandbox refuses to start; the pages are our own.
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      // Behind other windows too, it should be as fast as in front.
      '--disable-renderer-backgrounding',
      '--disable-backgrounding-occluded-windows',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(webgpu ? ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'] : ['--disable-gpu']),
      ...flags,
    ],
  });
}
