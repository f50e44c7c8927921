import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const script = fileURLToPath(new URL('../../../../sdk/scripts/browser-size.mjs', import.meta.url));

/** What the SDK may weigh in a browser, gzipped: what every page fetches, and that with all that is fetched when used. */
const mostCoreBytes = 20_000;
const mostBytes = 49_500;

describe("The SDK's own code in a browser", () => {
  it('does not get heavier (npm run size)', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [script]);
    const { core_bytes, all_bytes } = JSON.parse(stdout.trim().split('\n').at(-1) as string);
    expect(core_bytes).to.be.greaterThan(10_000).and.at.most(mostCoreBytes);
    expect(all_bytes).to.be.greaterThan(core_bytes).and.at.most(mostBytes);
  });
});
