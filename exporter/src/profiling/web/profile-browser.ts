import { deviceFacts } from '@easel/sdk/node';
import { type DeviceProfile, parseProfile } from '@easel/sdk/profile';
import type { ProfileProgress } from '@easel/sdk/profiling';
import type { SearchSpace } from '@easel/sdk/space';
import { DeviceError } from '../../errors/index.js';
import { launchChromium } from './chromium.js';
import { type Configuration, describeConfiguration, type Job, type Report } from './job.js';
import { servePage, webRuntimeVersion } from './serve.js';

export interface BrowserProfileOptions {
  readonly configurations: readonly Configuration[];
  readonly options?: Job['options'];
  /** Of the profile; with several configurations, their number of threads and provider are appended. */
  readonly name?: string;
  readonly onProgress?: (configuration: Configuration, progress: ProfileProgress) => void;
  /** A configuration that the browser cannot run, and why. */
  readonly onSkipped?: (configuration: Configuration, reason: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Profiles of this machine's Chromium, one per configuration that it can run.
 * @throws DeviceError if the browser is missing, closes, or fails to measure
 */
export async function profileChromium(
  space: SearchSpace,
  options: BrowserProfileOptions & { readonly visible?: boolean },
): Promise<DeviceProfile[]> {
  const webgpu = options.configurations.some(({ provider }) => provider === 'webgpu');
  return collectProfiles(space, options, { host: '127.0.0.1', device: deviceFacts() }, async (url, fail) => {
    const browser = await launchChromium({ webgpu, visible: options.visible ?? false });
    browser.on('disconnected', () => fail(new DeviceError('the browser was closed before it had measured everything')));
    const page = await browser.newPage();
    page.on('pageerror', fail);
    page.on('crash', () => fail(new DeviceError('the page crashed while measuring')));
    await page.goto(url);
    // Its own 'disconnected' is then no failure any more: everything is settled.
    return () => browser.close();
  });
}

export interface RemoteProfileOptions extends BrowserProfileOptions {
  /** Where to listen. Default: everywhere, on any port. */
  readonly host?: string;
  readonly port?: number;
  /** Called with the address to open on the device. */
  readonly onListening: (url: string) => void;
}

/** Profiles of whatever browser opens the page that this serves. */
export function profileRemote(space: SearchSpace, options: RemoteProfileOptions): Promise<DeviceProfile[]> {
  const { host = '0.0.0.0', port, onListening } = options;
  return collectProfiles(space, options, { host, ...(port === undefined ? {} : { port }) }, async (url) => {
    onListening(url);
    return async () => undefined;
  });
}

async function collectProfiles(
  space: SearchSpace,
  { configurations, options = {}, name, onProgress, onSkipped, signal }: BrowserProfileOptions,
  { device, ...listen }: { readonly host: string; readonly port?: number; readonly device?: DeviceProfile['device'] },
  open: (url: string, fail: (error: Error) => void) => Promise<() => Promise<void>>,
): Promise<DeviceProfile[]> {
  const profiles: DeviceProfile[] = [];
  const settled = new Set<string>();
  const { promise, resolve, reject } = withResolvers<void>();
  // Nobody may be waiting yet when it is rejected.
  promise.catch(() => undefined);
  const aborted = () => reject(signal?.reason);
  signal?.addEventListener('abort', aborted);
  const onReport = (report: Report) => {
    const { configuration } = report;
    const which = describeConfiguration(configuration);
    switch (report.kind) {
      case 'progress':
        onProgress?.(configuration, report.progress);
        return;
      case 'failed':
        reject(new DeviceError(`measuring in the browser failed (${which}): ${report.reason}`));
        return;
      case 'skipped':
        onSkipped?.(configuration, report.reason);
        break;
      case 'profile':
        profiles.push(parseProfile(report.profile, space));
        break;
      default:
        report satisfies never;
    }
    settled.add(which);
    if (settled.size === configurations.length) resolve();
  };
  const job: Job = {
    space,
    configurations,
    options,
    runtimeVersion: webRuntimeVersion(),
    ...(device ? { device } : {}),
    ...(name === undefined ? {} : { name }),
  };
  const server = await servePage(job, { ...listen, onReport });
  let close: (() => Promise<void>) | undefined;
  try {
    signal?.throwIfAborted();
    close = await open(server.url, reject);
    await promise;
    return profiles;
  } finally {
    signal?.removeEventListener('abort', aborted);
    await close?.();
    await server.close();
  }
}

/** Promise.withResolvers, which Node has from version 22 on. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  return { promise, resolve, reject };
}
