import { basename } from 'node:path';
import type { Engine } from './engine.js';
import { EngineUnavailableError } from './errors.js';
import { Executable, onnxEngine } from './executable.js';
import { Graph } from './graph.js';
import { portable } from './lowering/portable.js';
import * as ops from './ops/index.js';

/**
 * ONNX Runtime's WebGPU provider (Dawn: Vulkan, Direct3D 12 or Metal), with the portable lowering.
 * @throws EngineUnavailableError that says why there is no adapter, and what to do
 */
export async function openWebGpu(): Promise<{ engine: Engine; reason: string }> {
  const before = new Set(loadedLibraries());
  try {
    keeper ??= tryOut();
    await keeper;
  } catch (cause) {
    keeper = undefined;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new EngineUnavailableError('webgpu', reasonOf(message), advice(), { cause });
  }
  const added = loadedLibraries().filter((file) => !before.has(file));
  const adapter = describeDrivers(added.length > 0 ? added : [...before]);
  const engine = onnxEngine({ lowering: portable, device: 'webgpu' }, `ONNX Runtime, WebGPU on ${adapter}`);
  return { engine, reason: 'asked for; only the portable lowering runs there' };
}

/** The provider gives its device back with its last session, and opening one takes long: this session stays. */
let keeper: Promise<Executable> | undefined;

/** 1 + 1 on the device. */
async function tryOut(): Promise<Executable> {
  const graph = new Graph();
  const a = graph.input('a', [1]);
  const program = { name: 'adapter probe', graph, outputs: { sum: graph.apply(ops.add, [a, a], {}) } };
  const executable = await Executable.compile(program, { lowering: portable, device: 'webgpu', silent: true });
  const { sum } = await executable.run(new Map([['a', Float32Array.of(1)]]));
  if (sum?.data[0] !== 2) throw new Error(`it computes 1 + 1 = ${sum?.data[0]}`);
  return executable;
}

/** ONNX Runtime's message is a source position, the failed check, then what matters. */
function reasonOf(message: string): string {
  if (/no(t| )?.*(available|supported).*webgpu|webgpu.*not (supported|available)/i.test(message)) {
    return 'this build of onnxruntime-node has no WebGPU provider';
  }
  return /Failed to get a WebGPU adapter[^\n]*/.exec(message)?.[0] ?? (message.split('\n')[0] as string);
}

function advice(): string {
  const drivers: Partial<Record<NodeJS.Platform, string>> = {
    linux:
      "install a Vulkan driver and loader (on Debian and Ubuntu: apt install libvulkan1 mesa-vulkan-drivers, or NVIDIA's " +
      'own driver; vulkaninfo --summary must list the GPU)',
    win32: "install the GPU's current driver (Direct3D 12 is needed)",
    darwin: 'Metal is needed: a Mac of 2012 or later',
  };
  return `${drivers[process.platform] ?? 'a GPU with Vulkan is needed'}; or train on the CPU: --device cpu`;
}

/** Drivers by the names of their libraries, on Linux, Windows and macOS. */
const drivers: readonly (readonly [RegExp, string])[] = [
  [/swiftshader/i, 'the CPU, by SwiftShader'],
  [/vulkan_lvp|llvmpipe/i, 'the CPU, by Mesa llvmpipe'],
  [/nvidia|nvwgf|nvoglv|nvgpucomp/i, 'an NVIDIA GPU'],
  [/vulkan_radeon|amdvlk|amdxc|atidxx|amdvlk64/i, 'an AMD GPU'],
  [/vulkan_intel|igvk|igd1[0-9]|igc64/i, 'an Intel GPU'],
  [/AGXMetal|AppleMetal/i, 'an Apple GPU'],
  [/AMDMTL|AMDRadeon/i, 'an AMD GPU'],
  [/AppleIntel.*MTL/i, 'an Intel GPU'],
  [/vulkan_/i, 'a GPU'],
];

/**
 * The provider does not tell which adapter it took, but the adapter's driver is a library that was loaded with it. A loader
 * of Vulkan may load several drivers; then all of them are named.
 */
export function describeDrivers(libraries: readonly string[]): string {
  const found = new Map<string, string>();
  for (const file of libraries) {
    const driver = drivers.find(([pattern]) => pattern.test(basename(file.replaceAll('\\', '/'))));
    if (driver && !found.has(driver[1])) found.set(driver[1], basename(file.replaceAll('\\', '/')));
  }
  // The generic last one only where nothing says more.
  if (found.size > 1) found.delete('a GPU');
  const names = [...found].map(([name, file]) => `${name} (${file})`);
  return names.length > 0 ? names.join(' or ') : 'an adapter whose driver is unknown';
}

function loadedLibraries(): readonly string[] {
  const report = process.report.getReport() as unknown as { readonly sharedObjects?: readonly string[] };
  return report.sharedObjects ?? [];
}
