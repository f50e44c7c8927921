import { directorySource, nodeRuntime } from '@easel/sdk/node';
import { type Benchmark, median, rounded } from './benchmark.js';
import { hostOptions, inChromium } from './support/host.js';
import { timeSpecialize } from './support/subnet-timing.js';

const requests = 50;
const wanted = { node: 25, chromium: 120, ratio: 1.6, switchBack: 1 };

export const benchmark: Benchmark = {
  summary: `from specialize() to the first result, ${requests} requests; in Node, or with --chromium in a page`,

  async run(args) {
    const { bundle, chromium } = hostOptions(args);
    console.log(`${requests} different requests to ${bundle} ${chromium ? 'in Chromium' : 'in Node'}, one thread:`);
    const { specialized, opened, returned } = chromium
      ? await inChromium(bundle, 'specialize', [requests])
      : await timeSpecialize({ source: directorySource(bundle), runtime: nodeRuntime }, requests);
    const [medianMs, openMs, backMs] = [median(specialized), median(opened), median(returned)];
    const ratio = medianMs / openMs;
    const limit = chromium ? wanted.chromium : wanted.node;
    console.log(`  specialize() and the first result: ${medianMs.toFixed(2)} ms (wanted: at most ${limit})`);
    console.log(
      `  ONNX Runtime alone, the same model: ${openMs.toFixed(2)} ms; ratio ${ratio.toFixed(2)} (${wanted.ratio})`,
    );
    console.log(`  specialize() for a subnet that is open: ${backMs.toFixed(3)} ms (${wanted.switchBack})`);
    return {
      median_ms: rounded(medianMs),
      ort_open_ms: rounded(openMs),
      ratio: rounded(ratio),
      switch_back_ms: rounded(backMs),
      host: chromium ? 'chromium' : 'node',
    };
  },
};
