import { expect } from 'chai';
import { easel, withDirectory } from './run-easel.js';
import { smallTraining, writeSmallProject, writeTrainingOptions } from './small-project.js';

describe('easel train: few images', function () {
  this.timeout(60_000);

  it('warns before the training where easel generator will find too few validation images', () =>
    withDirectory(async (directory) => {
      await writeSmallProject(directory);
      await writeTrainingOptions(directory, 0);
      const words = ['train', ...smallTraining, '--validation-fraction', '0.05', '--out', 'run'];
      const { code, stderr } = await easel(words, directory);
      expect(code, stderr).to.equal(0);
      expect(stderr).to.include('warning: class "blue" has 1 of the validation images').and.include('will need 2');
    }));
});
