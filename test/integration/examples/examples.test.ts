import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

/** Seen from the compiled test/dist/integration/examples. */
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const run = (script: string, ...args: string[]) =>
  promisify(execFile)('npm', ['run', '--silent', `example:${script}`, '--', ...args], { cwd: root });

describe('Examples in Node', function () {
  this.timeout(60_000);

  it('quickstart: sees a dog', async () => {
    const { stdout, stderr } = await run('quickstart');
    expect(stderr).to.equal('');
    expect(stdout).to.match(/^\d+(\.\d+)? million MACs, \d+ bytes\n *\d+\.\d % {2}dog\n *\d+\.\d % {2}cat\n$/);
  });

  it('quickstart: says what is wrong without a stack trace', async () => {
    const dog = join(root, 'examples/quickstart-node/dog.svg');
    for (const [args, told] of [
      [['no.jpg'], /^no\.jpg: no such file\n$/],
      [[dog, 'fruit'], /^unknown task "fruit"; this bundle knows: .*\n$/],
      [[dog, 'pets', 'many'], /^budget\.macs must be .*, got NaN\n$/],
      [[dog, 'pets', '10', 'nosuch'], /^manifest\.json: .* nosuch\n$/],
    ] as const) {
      const failed = await run('quickstart', ...args).catch((error) => error);
      expect(failed.code).to.equal(1);
      expect(failed.stderr).to.match(told);
    }
  });

  it('adaptive: plays a busy moment where there is no terminal', async () => {
    const { stdout, stderr } = await run('adaptive', '--seconds', '6', '--task', 'pets');
    expect(stderr).to.equal('');
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).to.equal('measuring this machine for two seconds ...');
    expect(stdout).to.match(/0\.\d s {2}start: a subnet of/);
    expect(stdout).to.match(/eight cameras\n[\s\S]*one camera\n/);
    const seconds = lines.filter((text) =>
      /^ *\d+\.\d s {2}p50 .* ms, p95 .* ms, (within|over) .* MACs, \d+ blocks$/.test(text),
    );
    expect(seconds).to.have.length(6);
  });

  it('adaptive: ends quietly when nobody reads on', async () => {
    const { stderr } = await promisify(execFile)(
      'sh',
      ['-c', 'node examples/adaptive/main.js --seconds 3 | head -n 2'],
      {
        cwd: root,
      },
    );
    expect(stderr).to.equal('');
  });

  it('adaptive: says what is wrong with a budget', async () => {
    const failed = await run('adaptive', '--seconds', '1', '--budget', '0.00001').catch((error) => error);
    expect(failed.code).to.equal(1);
    expect(failed.stderr).to.match(/no subnet fits latencyMs <= 0\.00001: the smallest needs/);
  });
});
