import { profileName } from '@easel/sdk/profile';
import { profileDevice, runtimeMeter } from '@easel/sdk/profiling';
import { browserName, deviceFacts, webRuntime } from '@easel/sdk/web';
import { type Configuration, describeConfiguration, type Job, nameFor, type Report } from './job.js';

/**
 * What runs in the browser to be profiled: takes the job from the server, measures, and posts the profile back. Every
 * configuration gets a page load of its own (`?n=1`), because a page can start ONNX Runtime only once.
 */
const show = (text: string) => {
  const line = document.createElement('p');
  line.textContent = text;
  document.body.append(line);
  return line;
};

async function main(): Promise<void> {
  const n = Number(new URL(location.href).searchParams.get('n') ?? 0);
  const job = (await (await fetch('job')).json()) as Job;
  const configuration = job.configurations[n];
  if (!configuration) return showDone();
  const title = `${n + 1} of ${job.configurations.length}: ${describeConfiguration(configuration)}`;
  show(`Easel measures this browser for ${job.space.name}, ${title}. Keep this page in front.`);
  // Phones dim and slow down otherwise; where a page may not ask for it, that is no error.
  await navigator.wakeLock?.request('screen').catch(() => undefined);
  try {
    await measure(job, configuration);
  } catch (error) {
    show(`Failed: ${(error as Error).message}`);
    await report({ configuration, kind: 'failed', reason: (error as Error).message });
    // The server gives up, and is gone before another page could load.
    return;
  }
  // After the last one, too.
  if (n + 1 === job.configurations.length) showDone();
  else location.search = `?n=${n + 1}`;
}

const showDone = () => void show('Done. You can close this page.');

async function measure(job: Job, configuration: Configuration): Promise<void> {
  const { provider, threads } = configuration;
  const execution = await webRuntime.start({ provider, threads });
  if (execution.provider !== provider || execution.threads !== threads) {
    await report({ configuration, kind: 'skipped', reason: execution.reasons.join('; ') });
    return;
  }
  const device = job.device ?? (await deviceFacts());
  const runtime = {
    engine: webRuntime.name,
    version: job.runtimeVersion,
    provider,
    browser: browserName(),
    threads,
  };
  const line = show('');
  let lastReport = Number.NEGATIVE_INFINITY;
  const profile = await profileDevice(
    job.space,
    {
      name:
        job.name === undefined
          ? profileName(device, runtime, job.space.name)
          : nameFor(job.name, configuration, job.configurations.length > 1),
      device,
      runtime,
      meter: runtimeMeter(webRuntime, { threads, provider }),
    },
    {
      ...job.options,
      onProgress: (progress) => {
        line.textContent = `${progress.done} of at most ${progress.total}, ${Math.round(progress.secondsLeft)} s left`;
        if (performance.now() - lastReport < 1000) return;
        lastReport = performance.now();
        void report({ configuration, kind: 'progress', progress });
      },
    },
  );
  await report({ configuration, kind: 'profile', profile });
}

async function report(content: Report): Promise<void> {
  const response = await fetch('report', { method: 'POST', body: JSON.stringify(content) });
  if (!response.ok) throw new Error(await response.text());
}

void main().catch((error: Error) => show(`Failed: ${error.message}`));
