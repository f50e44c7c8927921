const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

/** Mocha's usual report, and its counts as JSON in the file of `--reporter-option output=FILE`, for .ci/run. */
module.exports = class SpecAndCounts extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const { output } = options.reporterOptions ?? {};
    if (!output) return;
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = runner.stats;
      writeFileSync(output, JSON.stringify({ passes, failures, pending }));
    });
  }
};
