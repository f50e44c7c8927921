// A classifier that keeps its latency budget while the device gets busy, watched in the terminal:
//
//     node main.js [--bundle FOLDER] [--device PROFILE] [--task NAME] [--budget MS] [--seconds N]
//
// In a terminal it runs until q is pressed; elsewhere it plays one busy moment of its own and prints what is decided.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Easel } from '@easel/sdk';
import { Cameras } from './cameras.js';
import { Hog } from './hog.js';
import { Screen } from './screen.js';
import { line } from './view.js';

const { values: options } = parseArgs({
  options: {
    bundle: { type: 'string', default: fileURLToPath(new URL('../bundles/cifar10', import.meta.url)) },
    device: { type: 'string' },
    task: { type: 'string' },
    budget: { type: 'string' },
    seconds: { type: 'string' },
  },
});

// Whoever reads the output may stop reading: `| head`.
process.stdout.on('error', ({ code }) => process.exit(code === 'EPIPE' ? 0 : 1));

const device = options.device ?? (await devicesOf(options.bundle))[0];
const easel = await Easel.load(options.bundle, { device });
const tasks = Object.keys(easel.tasks);
const task = options.task ?? tasks[0];

// Without a budget of yours: twice what the largest subnet takes now, so that there is something to lose.
const classifier = await easel.adaptive({ tasks: [task], budget: { latencyMs: 1e3 } }, { automatic: false });
const cameras = new Cameras(classifier);
cameras.count = 1;
let budgetMs = Number(options.budget);
if (options.budget === undefined) {
  console.log('measuring this machine for two seconds ...');
  await sleep(2000);
  budgetMs = 2 * classifier.latency.p95Ms;
}
await classifier.setBudget({ latencyMs: budgetMs });
classifier.automatic = true;

const hog = new Hog();
const started = Date.now();
const state = () => ({
  title: `${easel.name} on ${device}`,
  started,
  now: Date.now(),
  tasks: classifier.request.tasks,
  budgetMs: classifier.request.budget.latencyMs,
  latency: classifier.latency,
  architecture: classifier.architecture,
  predicted: classifier.predicted,
  decisions: classifier.decisions,
  recent: cameras.recent,
  cameras: cameras.count,
  hog: hog.running,
});

await (process.stdout.isTTY && options.seconds === undefined ? watch() : play(Number(options.seconds ?? 12)));

await cameras.stop();
await hog.stop();
await classifier.dispose();
await easel.dispose();

/** Draws until q is pressed. */
async function watch() {
  const change = (wanted) => classifier.change(wanted).catch((error) => screen.say(error.message));
  const screen = new Screen(state, {
    up: () => change({ budget: { latencyMs: 1.1 * classifier.request.budget.latencyMs } }),
    down: () => change({ budget: { latencyMs: classifier.request.budget.latencyMs / 1.1 } }),
    t: () => change({ tasks: [tasks[(tasks.indexOf(classifier.request.tasks[0]) + 1) % tasks.length]] }),
    c: () => {
      cameras.count = cameras.count === 1 ? 8 : 1;
    },
    h: () => (hog.running ? hog.stop() : hog.start()),
  });
  await screen.untilQuit();
}

/** One camera, then eight in the middle third, then one: a line each second, and each decision as it is made. */
async function play(seconds) {
  const say = (text) => console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s  ${text}`);
  for (const { kind, reason } of classifier.decisions) say(`${kind}: ${reason}`);
  classifier.on('decision', ({ kind, reason }) => say(`${kind}: ${reason}`));
  for (let second = 0; second < seconds; second++) {
    const wanted = second >= seconds / 3 && second < (2 * seconds) / 3 ? 8 : 1;
    if (wanted !== cameras.count) say(wanted > 1 ? 'eight cameras' : 'one camera');
    cameras.count = wanted;
    await sleep(1000);
    say(line(state()));
  }
}

/** The bundle's profiles, those of one thread first. */
async function devicesOf(bundle) {
  const probe = await Easel.load(bundle);
  const devices = [...probe.devices].sort((a, b) => Number(b.includes('1t')) - Number(a.includes('1t')));
  await probe.dispose();
  if (devices.length === 0) throw new Error(`${bundle} has no device profile; name one with --device FILE.json`);
  return devices;
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
