import { SubnetPool } from '@easel/exporter/training';
import { Random } from '@easel/sdk/random';
import { type Architecture, formatArchitecture, presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';

const space = presetSpace('tiny-32');

/** Counts what is alive. */
class Ledger {
  alive = 0;
  compiled = 0;
  readonly compile = async (architecture: Architecture) => {
    this.alive++;
    this.compiled++;
    return {
      name: formatArchitecture(architecture),
      dispose: async () => {
        this.alive--;
      },
    };
  };
}

describe('SubnetPool', () => {
  const options = { size: 3, uses: 4 };

  it('keeps at most its size alive, and renews a subnet after its uses', async () => {
    const ledger = new Ledger();
    const pool = new SubnetPool(space, options, ledger.compile);
    const random = new Random(1);
    const uses = new Map<string, number>();
    for (let step = 0; step < 200; step++) {
      const { name } = await pool.random(random);
      uses.set(name, (uses.get(name) ?? 0) + 1);
      expect(ledger.alive).at.most(options.size);
    }
    expect(ledger.compiled).at.most(200 / options.uses + options.size);
    // Two draws may happen to be the same architecture.
    expect([...uses.values()].filter((count) => count > options.uses).length).below(3);
    await pool.dispose();
    expect(ledger.alive).to.equal(0);
  });

  it('compiles the largest and the smallest once', async () => {
    const ledger = new Ledger();
    const pool = new SubnetPool(space, options, ledger.compile);
    for (let step = 0; step < 3; step++) {
      expect((await pool.largest()).name).to.equal('32:5x4,5x4/5x4,5x4/5x4,5x4');
      expect((await pool.smallest()).name).to.equal('32:3x2/3x2/3x2');
    }
    expect(ledger.compiled).to.equal(2);
  });

  it('goes on from its state with the same subnets', async () => {
    const random = new Random(2);
    const first = new SubnetPool(space, options, new Ledger().compile);
    for (let step = 0; step < 7; step++) await first.random(random);
    const state = JSON.parse(JSON.stringify(first.state));
    const second = new SubnetPool(space, options, new Ledger().compile, state);
    const same = Random.fromState(random.state);
    for (let step = 0; step < 20; step++) {
      expect((await second.random(same)).name).to.equal((await first.random(random)).name);
    }
  });
});
