import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';

const script = join(import.meta.dirname, '../../../../scripts/remove-stale-outputs.mjs');

describe('scripts/remove-stale-outputs.mjs', () => {
  it('removes the outputs of deleted sources, and no others', () => {
    const root = mkdtempSync(join(tmpdir(), 'easel-outputs-'));
    const write = (path: string, content: unknown = {}) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), JSON.stringify(content));
    };
    const outputs = (name: string) => ['.d.ts', '.d.ts.map', '.js', '.js.map'].map((ending) => name + ending);
    try {
      write('tsconfig.json', {
        references: [{ path: 'library' }, { path: 'library/tsconfig.cjs.json' }, { path: 'page' }],
      });
      write('library/tsconfig.json', { compilerOptions: { rootDir: 'src', outDir: 'dist' } });
      write('library/tsconfig.cjs.json', { compilerOptions: { rootDir: 'src', outDir: 'cjs' } });
      write('page/tsconfig.json', { compilerOptions: { noEmit: true } });
      for (const source of ['kept.ts', 'room/kept.ts', 'view.tsx']) write(`library/src/${source}`);
      const names = ['kept', 'gone', 'room/kept', 'room/gone.test', 'view'];
      for (const file of [...names.flatMap(outputs), 'bundle.min.js']) write(`library/dist/${file}`);
      execFileSync(process.execPath, [script, root]);
      const left = (readdirSync(join(root, 'library/dist'), { recursive: true }) as string[]).sort();
      const kept = ['kept', join('room', 'kept'), 'view'].flatMap(outputs);
      expect(left).to.deep.equal([...kept, 'bundle.min.js', 'room'].sort());
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
