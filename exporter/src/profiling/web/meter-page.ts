import { runtimeMeter, type Visit } from '@easel/sdk/profiling';
import { browserName, webRuntime } from '@easel/sdk/web';

/** What runs in a browser that is driven from outside: `timeModel` and `startRuntime`, to be called by name. */
Object.assign(globalThis, {
  async startRuntime(threads: number) {
    const execution = await webRuntime.start({ provider: 'wasm', threads });
    return { ...execution, version: await webRuntime.version(), browser: browserName() };
  },
  async timeModel(subject: { resolution: number; channels: number }, threads: number, visit: Visit) {
    const model = new Uint8Array(await (await fetch('model', { cache: 'no-store' })).arrayBuffer());
    return runtimeMeter(webRuntime, { provider: 'wasm', threads }).time({ model, ...subject }, visit);
  },
});
