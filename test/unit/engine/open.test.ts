import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeDrivers, EngineUnavailableError, openEngine, UnknownEngineError } from '@easel/exporter/engine';
import { loadTensorFlow } from '@easel/exporter/engine/tfjs';
import { expect } from 'chai';
import { rejection } from '../../fixtures/rejection.js';

describe('openEngine', () => {
  it('opens ONNX Runtime on the CPU unless told otherwise, and says with which lowering and why', async () => {
    const { engine, reason } = await openEngine();
    expect(engine.name).to.match(/^ONNX Runtime, (nchwc|portable)/);
    expect(reason).to.match(/blocks of|asked for/);
  });

  it('refuses an unknown engine or device, and lists the valid ones', async () => {
    const engine = await rejection(openEngine({ engine: 'torch' as never }), UnknownEngineError);
    expect(engine.message).to.contain('torch').and.to.contain('onnx, tfjs');
    const device = await rejection(openEngine({ device: 'gpu' as never }), UnknownEngineError);
    expect(device.message).to.contain('gpu').and.to.contain('cpu, webgpu');
    const both = await rejection(openEngine({ engine: 'tfjs', device: 'webgpu' }), UnknownEngineError);
    expect(both.message).to.contain('tfjs').and.to.contain('webgpu');
  });
});

describe('loadTensorFlow', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'easel-tfjs-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('says how to install what is missing', async () => {
    const error = await rejection(loadTensorFlow(['@tensorflow/no-such-backend']), EngineUnavailableError);
    expect(error.message).to.contain('no-such-backend is not installed').and.to.contain('npm install');
  });

  it('says so where it is installed but broken', async () => {
    const file = join(directory, 'broken.cjs');
    await writeFile(file, 'throw new Error("libtensorflow.so.2: cannot open shared object file");');
    const error = await rejection(loadTensorFlow([file]), EngineUnavailableError);
    expect(error.message).to.contain('cannot be loaded (libtensorflow.so.2').and.to.contain('npm install');
  });

  it('takes the first that is there', async () => {
    const { tf, module } = await loadTensorFlow(['@tensorflow/no-such-backend', '@tensorflow/tfjs']);
    expect(module).to.equal('@tensorflow/tfjs');
    expect(tf.getBackend()).to.be.a('string');
  });
});

describe('describeDrivers', () => {
  it('knows the common drivers by their libraries, on every system', () => {
    const known: Readonly<Record<string, string>> = {
      '/usr/lib/chromium/./libvk_swiftshader.so': 'the CPU, by SwiftShader (libvk_swiftshader.so)',
      '/usr/lib/x86_64-linux-gnu/libGLX_nvidia.so.0': 'an NVIDIA GPU (libGLX_nvidia.so.0)',
      '/usr/lib/x86_64-linux-gnu/libvulkan_radeon.so': 'an AMD GPU (libvulkan_radeon.so)',
      '/usr/lib/x86_64-linux-gnu/libvulkan_lvp.so': 'the CPU, by Mesa llvmpipe (libvulkan_lvp.so)',
      'C:\\Windows\\System32\\DriverStore\\nvwgf2umx.dll': 'an NVIDIA GPU (nvwgf2umx.dll)',
      '/System/Library/Extensions/AGXMetalG13X.bundle/Contents/MacOS/AGXMetalG13X': 'an Apple GPU (AGXMetalG13X)',
    };
    for (const [file, name] of Object.entries(known)) expect(describeDrivers(['/lib/libc.so.6', file])).to.equal(name);
  });

  it('names all where several were loaded, and says so where none is known', () => {
    expect(describeDrivers(['/usr/lib/libvulkan_radeon.so', '/usr/lib/libvulkan_lvp.so'])).to.equal(
      'an AMD GPU (libvulkan_radeon.so) or the CPU, by Mesa llvmpipe (libvulkan_lvp.so)',
    );
    expect(describeDrivers(['/lib/libc.so.6', '/usr/lib/libvulkan.so.1'])).to.contain('unknown');
  });
});
