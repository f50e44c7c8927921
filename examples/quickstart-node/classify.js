// Tells what is in an image, by a subnet made for one task and one budget:
//
//     node classify.js IMAGE TASK [MILLION_MACS] [BUNDLE]
import { fileURLToPath } from 'node:url';
import { Easel } from '@easel/sdk';

const cifar10 = fileURLToPath(new URL('../bundles/cifar10', import.meta.url));
const [image, task, millionMacs = '10', bundle = cifar10] = process.argv.slice(2);

const easel = await Easel.load(bundle);
if (!image || !task) {
  console.log(`node classify.js IMAGE TASK [MILLION_MACS] [BUNDLE]\ntasks: ${Object.keys(easel.tasks).join(', ')}`);
} else {
  const classifier = await easel.specialize({ tasks: [task], budget: { macs: Number(millionMacs) * 1e6 } });
  console.log(`${classifier.predicted.macs / 1e6} million MACs, ${classifier.predicted.modelBytes} bytes`);
  for (const { className, probability } of (await classifier.classify(image)).slice(0, 3)) {
    console.log(`${(100 * probability).toFixed(1).padStart(5)} %  ${className}`);
  }
  await classifier.dispose();
}
await easel.dispose();
