import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A system's Chromium: EASEL_CHROMIUM, or the first of the usual names in PATH. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.EASEL_CHROMIUM) {
    if (isExecutable(environment.EASEL_CHROMIUM)) return environment.EASEL_CHROMIUM;
    throw new Error(`EASEL_CHROMIUM is ${environment.EASEL_CHROMIUM}, which is no program that can be run`);
  }
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
  if (found) return found;
  throw new Error(
    `tests in a browser need Chromium, and PATH has none of ${names.join(', ')}; install it ` +
      '(Debian: apt-get install chromium) or set EASEL_CHROMIUM to its path',
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

/** Chromium without a window, with a fresh profile. WebGPU, where wanted, computes in software (SwiftShader). */
export function launchChromium({ webgpu = false }: { webgpu?: boolean } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      '--headless',
      // Containers often run as root, where Chromium's sandbox refuses to start; the pages are our own.
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Names of sites that are not localhost, and so not secure.
      '--host-resolver-rules=MAP *.test 127.0.0.1',
      ...(webgpu ? ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'] : ['--disable-gpu']),
    ],
  });
}
