import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

/** From test/dist/integration/sdk. */
const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** Paths in what `npm pack` makes. */
async function packed(workspace: string): Promise<string[]> {
  const words = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = await promisify(execFile)('npm', words, {
    cwd: join(root, workspace),
    maxBuffer: 2 ** 24,
  });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  return files.map(({ path }) => path);
}

describe('What npm pack makes', function () {
  this.timeout(30_000);

  for (const workspace of ['sdk', 'exporter']) {
    it(`of ${workspace}: code, licence and a first page, and nothing of the build's own`, async () => {
      const files = await packed(workspace);
      expect(files).to.include.members(['package.json', 'README.md', 'LICENSE']);
      expect(files.filter((path) => /tsbuildinfo|^src\/|\.test\./.test(path))).to.deep.equal([]);
      const licence = (folder: string) => readFile(join(root, folder, 'LICENSE'), 'utf8');
      expect(await licence(workspace)).to.equal(await licence('.'));
    });
  }

  it('of the SDK: every file that package.json names', async () => {
    const files = await packed('sdk');
    const { exports, main, types } = JSON.parse(await readFile(join(root, 'sdk', 'package.json'), 'utf8'));
    const named = [main, types, ...leaves(exports)].map((path) => path.slice('./'.length));
    for (const path of named.filter((name) => !name.includes('*'))) expect(files).to.include(path);
  });
});

function leaves(value: unknown): string[] {
  return typeof value === 'string' ? [value] : Object.values(value as object).flatMap(leaves);
}
