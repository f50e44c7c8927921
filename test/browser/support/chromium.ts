import { type ChromiumOptions, launchChromium as launch } from '@easel/exporter/profiling';
import type { Browser } from 'playwright-core';

export { findChromium } from '@easel/exporter/profiling';

/** Names of sites that are not localhost, and so not secure. */
const insecureSites = '--host-resolver-rules=MAP *.test 127.0.0.1';

export function launchChromium(options: ChromiumOptions = {}): Promise<Browser> {
  return launch({ ...options, flags: [insecureSites] });
}
