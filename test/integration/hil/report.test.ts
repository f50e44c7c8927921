import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { rejection } from '../../fixtures/rejection.js';
import { freePort } from '../../hil/device.js';
import { withDirectory } from '../cli/run-easel.js';

const mocha = fileURLToPath(new URL('../../../../node_modules/mocha/bin/mocha.js', import.meta.url));
const suite = fileURLToPath(new URL('../../hil/budgets.hil.js', import.meta.url));

describe('the report of npm run test:hil', function () {
  this.timeout(60_000);

  it('tells of a device that cannot be reached, where nothing was measured', () =>
    withDirectory(async (directory) => {
      const address = `http://127.0.0.1:${await freePort()}`;
      const junit = join(directory, 'reports', 'hil.xml');
      const env = { ...process.env, EASEL_DEVICE: address, EASEL_JUNIT: junit };
      const run = promisify(execFile)(process.execPath, [mocha, '--no-config', '--timeout', '60000', suite], { env });
      const { code } = await rejection(run, Error as unknown as new () => Error & { code: number });
      expect(code).to.equal(1);
      expect(await readFile(junit, 'utf8'))
        .to.include(`<testsuite name="easel hil ${address}" tests="1" failures="0" errors="1">`)
        .and.match(/<error message="agent .* does not answer \(ECONNREFUSED\)/);
    }));
});
