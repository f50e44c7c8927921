import { deviceFacts } from '@easel/sdk/node';
import { type DeviceProfile, profileName } from '@easel/sdk/profile';
import { type MeasuredDevice, usualVisit } from '@easel/sdk/profiling';
import type { SearchSpace } from '@easel/sdk/space';
import { DeviceError } from '../../errors/index.js';
import { launchChromium } from './chromium.js';
import { servePage } from './serve.js';

export interface ChromiumDevice extends MeasuredDevice {
  close(): Promise<void>;
}

/**
 * This machine's Chromium as a device to measure from here, subnet by subnet. (`profileChromium` measures inside the page.)
 * @throws DeviceError if the browser is missing, or cannot run so many threads
 */
export async function openChromiumDevice(space: SearchSpace, threads: number): Promise<ChromiumDevice> {
  const job = { space, configurations: [], options: {}, runtimeVersion: '' };
  // Fetched rather than sent with the call: Chromium takes a tenth of a second to parse a megabyte of arguments.
  let served = new Uint8Array();
  const server = await servePage(job, {
    host: '127.0.0.1',
    program: 'meter-page.js',
    model: () => served,
    onReport: () => undefined,
  });
  const browser = await launchChromium().catch(async (error) => {
    await server.close();
    throw error;
  });
  const close = async () => {
    await browser.close();
    await server.close();
  };
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForFunction('globalThis.startRuntime');
    const started = (await page.evaluate(`startRuntime(${threads})`)) as {
      threads: number;
      reasons: readonly string[];
      version: string;
      browser: string;
    };
    if (started.threads !== threads) throw new DeviceError(`Chromium: ${started.reasons.join('; ')}`);
    const { version, browser: name } = started;
    const runtime: DeviceProfile['runtime'] = {
      engine: 'onnxruntime-web',
      version,
      provider: 'wasm',
      browser: name,
      threads,
    };
    const device = deviceFacts();
    return {
      name: profileName(device, runtime, space.name),
      device,
      runtime,
      meter: {
        async time({ model, resolution, channels = 3 }, visit = usualVisit) {
          served = new Uint8Array(model);
          const words = [{ resolution, channels }, threads, visit];
          return (await page.evaluate(`timeModel(...${JSON.stringify(words)})`)) as number[];
        },
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
