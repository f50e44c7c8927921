import { type Manifest, parseManifest } from '@easel/sdk/bundle';
import { BundleError } from '@easel/sdk/errors';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';

const file = { bytes: 3, sha256: 'ab'.repeat(32) };
const manifest: Manifest = {
  schemaVersion: 1,
  name: 'small',
  created: '2025-01-31T12:00:00.000Z',
  space: presetSpace('tiny-32'),
  classes: ['ant', 'bee', 'cat'],
  tasks: { insects: ['ant', 'bee'] },
  preprocessing: { mean: [1, 2, 3], std: [4, 5, 6], resize: 'cover' },
  files: { 'supernet.onnx': file, 'statistics.safetensors': file, 'generator.onnx': file, 'profiles/pi.json': file },
  supernet: 'supernet.onnx',
  statistics: 'statistics.safetensors',
  generator: 'generator.onnx',
  profiles: ['profiles/pi.json'],
  provenance: { command: 'easel export', seed: 1, date: '2025-01-31T12:00:00.000Z' },
};

const bytesOf = (document: unknown) => new TextEncoder().encode(JSON.stringify(document));

describe('parseManifest', () => {
  it('accepts a manifest', () => {
    expect(parseManifest(bytesOf(manifest))).to.deep.equal(manifest);
  });

  it('ignores fields that a later version of the SDK may add', () => {
    expect(parseManifest(bytesOf({ ...manifest, signature: 'x' }))).to.deep.equal(manifest);
  });

  const refusals: [string, unknown, RegExp][] = [
    ['another schema version', { ...manifest, schemaVersion: 2 }, /schemaVersion 2; this SDK reads 1/],
    ['no schema version', { name: 'x' }, /no schemaVersion/],
    ['what is no object', [], /no schemaVersion/],
    ['null', null, /no schemaVersion/],
    ['a class twice', { ...manifest, classes: ['ant', 'ant'] }, /classes: must not repeat/],
    ['a single class', { ...manifest, classes: ['ant'] }, /classes:/],
    ['an empty task', { ...manifest, tasks: { none: [] } }, /tasks\.none:/],
    [
      'a task of unknown classes',
      { ...manifest, tasks: { pets: ['cat', 'dog'] } },
      /tasks\.pets: unknown class "dog"; classes are ant, bee, cat/,
    ],
    [
      'a standard deviation of 0',
      { ...manifest, preprocessing: { ...manifest.preprocessing, std: [1, 0, 1] } },
      /preprocessing\.std\.1:/,
    ],
    [
      'more blocks than memory can list',
      { ...manifest, space: { ...manifest.space, units: [{ ...manifest.space.units[0], depths: [1, 5e9] }] } },
      /space\.units\.0\.depths\.1: must be an integer >= 1 and <= 256, got 5000000000/,
    ],
    ['a malformed search space', { ...manifest, space: { ...manifest.space, units: [] } }, /space\.units:/],
    [
      'a checksum that is none',
      { ...manifest, files: { ...manifest.files, 'supernet.onnx': { bytes: 1, sha256: 'x' } } },
      /sha256: must be 64/,
    ],
    ['a file that it does not list', { ...manifest, supernet: 'other.onnx' }, /"other\.onnx" is not among its files/],
    ['an inherited property as a file', { ...manifest, supernet: 'constructor' }, /"constructor" is not among/],
  ];
  for (const [what, document, message] of refusals) {
    it(`refuses ${what}`, () => {
      expect(() => parseManifest(bytesOf(document)))
        .to.throw(BundleError, message)
        .with.property('file', 'manifest.json');
    });
  }

  const escapes = [
    '../secret',
    'a/../../secret',
    '/etc/passwd',
    'a//b',
    './a',
    'a/.',
    'a/..',
    '..',
    '',
    'a/',
    'C:\\secret',
    'a\\..\\secret',
    'https://example.org/a',
    'a\0b',
    'a b',
  ];
  for (const path of escapes) {
    it(`refuses the path ${JSON.stringify(path)}`, () => {
      const moved = { ...manifest, files: { ...manifest.files, [path]: file }, generator: path };
      expect(() => parseManifest(bytesOf(moved))).to.throw(BundleError, /must be a path inside the bundle/);
    });
  }

  it('refuses bytes that are no JSON', () => {
    expect(() => parseManifest(bytesOf(manifest).subarray(0, 100))).to.throw(BundleError, 'manifest.json: is not JSON');
  });
});
