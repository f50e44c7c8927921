// Tells what is in an image, by a subnet made for one task and one budget:
//
//     node classify.js [IMAGE] [TASK] [MILLION_MACS] [BUNDLE]
import { fileURLToPath } from 'node:url';
import { Easel, EaselError } from '@easel/sdk';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [image = here('dog.svg'), task = 'pets', millions = '10', bundle = here('../bundles/cifar10')] =
  process.argv.slice(2);

try {
  const easel = await Easel.load(bundle);
  const classifier = await easel.specialize({ tasks: [task], budget: { macs: 1e6 * Number(millions) } });

  console.log(`${classifier.predicted.macs / 1e6} million MACs, ${classifier.predicted.modelBytes} bytes`);
  for (const { className, probability } of (await classifier.classify(image)).slice(0, 3)) {
    console.log(`${(100 * probability).toFixed(1).padStart(5)} %  ${className}`);
  }
  await classifier.dispose();
  await easel.dispose();
} catch (error) {
  console.error(error instanceof EaselError ? error.message : error);
  process.exitCode = 1;
}
