import { directorySource, nodeRuntime } from '@easel/sdk/node';
import { type Benchmark, median, rounded } from './benchmark.js';
import { hostOptions, inChromium } from './support/host.js';
import { timeInference } from './support/subnet-timing.js';

const architectures = 8;
const repeats = 300;

export const benchmark: Benchmark = {
  summary: 'assembled subnets against the same networks as plain ONNX files; in Node, or with --chromium in a page',

  async run(args) {
    const { bundle, chromium } = hostOptions(args);
    console.log(`${architectures} architectures of ${bundle} ${chromium ? 'in Chromium' : 'in Node'}, one thread:`);
    const results = chromium
      ? await inChromium(bundle, 'inference', [architectures, repeats])
      : await timeInference({ source: directorySource(bundle), runtime: nodeRuntime }, architectures, repeats);
    const ratios = results.map(({ assembled, plain, difference }) => {
      const [ours, theirs] = [median(assembled), median(plain)];
      const ratio = ours / theirs;
      console.log(
        `  ${ours.toFixed(3)} ms, plain ${theirs.toFixed(3)} ms: ${ratio.toFixed(3)} (logits ± ${difference.toExponential(0)})`,
      );
      return { ours, theirs, ratio };
    });
    const ratio = median(ratios.map((each) => each.ratio));
    console.log(`median ratio ${ratio.toFixed(3)} (wanted: at most 1.03)`);
    return {
      ratio: rounded(ratio),
      assembled_ms: rounded(median(ratios.map(({ ours }) => ours))),
      plain_ms: rounded(median(ratios.map(({ theirs }) => theirs))),
      host: chromium ? 'chromium' : 'node',
    };
  },
};
