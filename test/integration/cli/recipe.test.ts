import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { easel, withDirectory } from './run-easel.js';
import { smallTraining, writeSmallProject, writeTrainingOptions } from './small-project.js';

describe('easel train: recipe and origin', function () {
  this.timeout(240_000);

  it('takes options of the recipe, starts from another run, and refuses what does not fit', () =>
    withDirectory(async (directory) => {
      await writeSmallProject(directory);
      await writeTrainingOptions(directory, 1);
      const train = (...words: string[]) => easel(['train', ...words, '--quiet'], directory);
      const first = await train(...smallTraining, '--out', 'first', '--no-report');
      expect(first.code, first.stderr).to.equal(0);
      expect(first.stdout).not.to.include('report');

      const [, , ...withoutData] = smallTraining;
      const space = withoutData.indexOf('--space');
      const own = ['--data', 'images', ...withoutData.filter((_, i) => i !== space && i !== space + 1)];
      const recipe = ['--progressive', '--averaging', '0.9', '--divergence', 'alpha'];
      const second = await train(...own, '--init', 'first', '--resolution', '32', ...recipe, '--out', 'second');
      expect(second.code, second.stderr).to.equal(0);
      expect(second.stdout).to.include('report: ').and.to.include('next: npx easel profile --space speck-16 ');
      expect(second.stderr).to.include('images are kept at 32 px, of which speck-16 sees 16: with --resolution 16 ');
      const record = JSON.parse(await readFile(join(directory, 'second', 'run.json'), 'utf8'));
      expect(record.options).to.deep.include({
        progressive: { largest: 0.2, depth: 0.2 },
        averaging: 0.9,
        divergence: 'alpha',
      });
      expect(record.provenance.init).to.include({ kind: 'run', step: 12 });

      const strange = await train(...own, '--init', 'first', '--space', 'tiny-32', '--out', 'third');
      expect(strange.code).to.equal(1);
      expect(strange.stderr).to.include('space.name is "speck-16", but "tiny-32"');
      const unknown = await train(...smallTraining, '--divergence', 'js', '--out', 'third');
      expect(unknown.code).to.equal(1);
      expect(unknown.stderr).to.include('divergence must be kl or alpha, got "js"');
    }));
});
