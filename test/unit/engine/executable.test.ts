import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compile, Executable, Graph, ops, type Program, portable } from '@easel/exporter/engine';
import { allowedCpus } from '@easel/sdk/node';
import { expect } from 'chai';
import { rejection } from '../../fixtures/rejection.js';

/** y = a * b, with the gradient of sum(y) by a. */
function product(): Program {
  const graph = new Graph();
  const [a, b] = [graph.input('a', [1, 2]), graph.input('b', [1, 2])];
  const y = graph.apply(ops.multiply, [a, b], {});
  const ones = graph.input('ones', [2, 1]);
  const loss = graph.apply(ops.reshape, [graph.apply(ops.matmul, [y, ones], {})], { shape: [] });
  return { name: 'product', graph, outputs: { y }, loss, gradients: { a } };
}

const feeds = () =>
  new Map([
    ['a', Float32Array.of(2, 3)],
    ['b', Float32Array.of(5, 7)],
    ['ones', Float32Array.of(1, 1)],
  ]);

describe('Executable', () => {
  let executable: Executable;
  before(async () => {
    executable = await Executable.compile(product(), { lowering: portable, threads: 1 });
  });
  after(() => executable.dispose());

  it('computes outputs and gradients by name, with their shapes', async () => {
    const results = await executable.run(feeds());
    expect(Object.keys(results)).to.have.members(['y', 'gradient of a']);
    expect(results.y?.shape).to.deep.equal([1, 2]);
    expect([...(results.y?.data ?? [])]).to.deep.equal([10, 21]);
    expect([...(results['gradient of a']?.data ?? [])]).to.deep.equal([5, 7]);
  });

  it('ignores what it has no input for', async () => {
    const results = await executable.run(feeds().set('more', Float32Array.of(1)));
    expect([...(results.y?.data ?? [])]).to.deep.equal([10, 21]);
  });

  it('names a missing input', async () => {
    const incomplete = feeds();
    incomplete.delete('b');
    const error = await rejection(executable.run(incomplete), Error);
    expect(error.message).to.contain('input b').and.to.contain('2').and.to.contain('none');
  });

  it('names an input of the wrong size', async () => {
    const error = await rejection(executable.run(feeds().set('b', new Float32Array(3))), Error);
    expect(error.message).to.contain('input b').and.to.contain('2').and.to.contain('3');
  });

  it('leaves the numbers of one run alone in the next', async () => {
    const first = await executable.run(feeds());
    await executable.run(feeds().set('a', Float32Array.of(0, 0)));
    expect([...(first.y?.data ?? [])]).to.deep.equal([10, 21]);
  });
});

describe('compile', () => {
  it('refuses the gradient of a value that the loss does not depend on', () => {
    const program = product();
    const stray = program.graph.input('stray', [3]);
    expect(() => compile({ ...program, gradients: { stray } }, portable)).to.throw(/stray/);
  });

  it('gives the same bytes for the same program', () => {
    expect(compile(product(), portable)).to.deep.equal(compile(product(), portable));
  });
});

describe('threads of an Executable', () => {
  it('stay on the CPUs that the process may use', async function () {
    const [cpu] = allowedCpus() ?? [];
    if (cpu === undefined) return this.skip();
    const script = `
      import { readdirSync, readFileSync } from 'node:fs';
      import { Executable, Graph, ops, portable } from '@easel/exporter/engine';
      const graph = new Graph();
      const a = graph.input('a', [1, 2]);
      const program = { name: 'sum', graph, outputs: { y: graph.apply(ops.add, [a, a], {}) } };
      const executable = await Executable.compile(program, { lowering: portable });
      const status = (id) => readFileSync('/proc/self/task/' + id + '/status', 'utf8');
      console.log(readdirSync('/proc/self/task').map((id) => /^Cpus_allowed_list:\\s*(.*)$/m.exec(status(id))[1]).join(' '));
      await executable.dispose();`;
    const cwd = fileURLToPath(new URL('../../..', import.meta.url));
    const command = ['-c', String(cpu), process.execPath, '--input-type=module', '-e', script];
    const { stdout, stderr } = await promisify(execFile)('taskset', command, { cwd });
    expect(new Set(stdout.trim().split(' '))).to.deep.equal(new Set([String(cpu)]));
    expect(stderr).to.equal('');
  });
});
