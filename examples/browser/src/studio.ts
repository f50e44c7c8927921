import {
  type AdaptiveClassifier,
  type Architecture,
  type Decision,
  Easel,
  type Prediction,
  type Result,
  type SearchSpace,
} from '@easel/sdk';
import { formatArchitecture } from '@easel/sdk/space';
import { batch, computed, signal } from '@preact/signals';
import { chosenRange, frontier, type LatencyRange, type Point } from './frontier.js';
import { closePicture, type Picture } from './picture.js';

export type Phase =
  | { readonly kind: 'loading'; readonly what: string; readonly share: number }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string };

/** The subnet that answers now. */
export interface Subnet {
  readonly name: string;
  readonly architecture: Architecture;
  readonly classes: readonly string[];
  readonly predicted: Prediction;
  readonly accuracy: number | undefined;
}

/** A subnet that ran in this browser. */
export interface Measured {
  readonly p50Ms: number;
  readonly accuracy: number | undefined;
}

/** How often a subnet runs after a change, so that its latency is known. */
const settlingRuns = 40;
/** They run in bursts, once what a change sets in motion has come to rest. */
const burst = 20;
const restMs = 450;
/** How many of the newest latencies are drawn while the page runs live. */
const stripLength = 150;
const liveIntervalMs = 40;

/**
 * The state of the page and what can be done to it; knows nothing of how it is drawn. Everything that Easel does for
 * it is in here: load, adaptive, change, classify.
 */
export class Studio {
  readonly phase = signal<Phase>({ kind: 'loading', what: 'the bundle', share: 0 });
  /** Something that went wrong and left the page usable. */
  readonly notice = signal<string | undefined>(undefined);
  readonly tasks = signal<Readonly<Record<string, readonly string[]>>>({});
  readonly picked = signal<ReadonlySet<string>>(new Set());
  readonly range = signal<LatencyRange>({ least: 0, most: 1 });
  readonly budgetMs = signal(0);
  readonly device = signal('');
  readonly subnet = signal<Subnet | undefined>(undefined);
  readonly points = signal<readonly Point[]>([]);
  /** By the name of the architecture. */
  readonly measured = signal<ReadonlyMap<string, Measured>>(new Map());
  readonly latency = signal({ count: 0, p50Ms: 0, p95Ms: 0, slowdown: 1 });
  readonly strip = signal<readonly number[]>([]);
  readonly decisions = signal<readonly Decision[]>([]);
  readonly picture = signal<Picture | undefined>(undefined);
  readonly results = signal<readonly Result[]>([]);
  readonly adapting = signal(false);
  readonly disturbed = signal(false);

  readonly classes = computed(() => {
    const tasks = this.tasks.value;
    return [...new Set([...this.picked.value].flatMap((task) => tasks[task] ?? []))];
  });
  readonly live = computed(() => this.adapting.value || this.picture.value?.kind === 'camera');

  readonly #bundle: URL;
  #easel: Easel | undefined;
  #classifier: AdaptiveClassifier | undefined;
  #running = false;
  #newest: readonly Result[] = [];
  #workers: Worker[] = [];

  constructor(bundle: URL) {
    this.#bundle = bundle;
  }

  /** What can be chosen; there once the page is ready. */
  get space(): SearchSpace | undefined {
    return this.#easel?.space;
  }

  async start(): Promise<void> {
    try {
      await this.#load();
      this.phase.value = { kind: 'ready' };
      this.#run();
    } catch (error) {
      this.phase.value = { kind: 'failed', message: (error as Error).message };
    }
  }

  async #load(): Promise<void> {
    const loading = (what: string, share: number) => {
      this.phase.value = { kind: 'loading', what, share };
    };
    // WebGPU costs more than it saves on networks of a few milliseconds.
    const easel = await Easel.load(this.#bundle, {
      device: 'auto',
      provider: 'wasm',
      threads: 1,
      onProgress: ({ loadedBytes, totalBytes }) =>
        loadedBytes < totalBytes
          ? loading('the bundle', (0.8 * loadedBytes) / totalBytes)
          : loading('this browser: how fast is it?', 0.85),
    });
    this.#easel = easel;
    const [first] = Object.keys(easel.tasks) as [string];
    this.points.value = await frontier(easel, [first]);
    const range = chosenRange(this.points.value);
    const budgetMs = range.least + 0.6 * (range.most - range.least);
    const classifier = await easel.adaptive({ tasks: [first], budget: { latencyMs: budgetMs } }, { automatic: false });
    this.#classifier = classifier;
    batch(() => {
      this.tasks.value = easel.tasks;
      this.picked.value = new Set([first]);
      this.range.value = range;
      this.budgetMs.value = budgetMs;
      this.device.value = `${easel.execution.provider}, one thread`;
    });
    classifier.on('switch', () => this.#show());
    classifier.on('decision', () => {
      this.decisions.value = classifier.decisions;
    });
    classifier.on('inference', ({ ms }) => {
      this.strip.value = [...this.strip.value, ms].slice(-stripLength);
    });
    this.#show();
  }

  /** Adds or removes a task; the last one stays. */
  toggleTask(task: string): void {
    const picked = new Set(this.picked.value);
    if (!picked.delete(task)) picked.add(task);
    if (picked.size === 0) return;
    // In the bundle's order, so that the same tasks are the same request.
    const tasks = Object.keys(this.tasks.value).filter((name) => picked.has(name));
    this.picked.value = new Set(tasks);
    this.measured.value = new Map();
    this.#change({ tasks });
    this.#sweep();
  }

  setBudget(latencyMs: number): void {
    this.budgetMs.value = latencyMs;
    this.#change({ budget: { latencyMs } });
  }

  setAdapting(on: boolean): void {
    this.adapting.value = on;
    if (this.#classifier) this.#classifier.automatic = on;
    if (!on) {
      this.disturb(false);
      // Back to what the table alone says.
      this.#change({ budget: { latencyMs: this.budgetMs.value } });
    }
    this.#run();
  }

  /** Keeps the processor busy, as other apps would. */
  disturb(on: boolean): void {
    for (const worker of this.#workers) worker.terminate();
    const code = URL.createObjectURL(new Blob(['for (;;);'], { type: 'text/javascript' }));
    const count = 3 * (navigator.hardwareConcurrency || 2);
    this.#workers = on ? Array.from({ length: count }, () => new Worker(code)) : [];
    this.disturbed.value = on;
  }

  async show(open: Promise<Picture>): Promise<void> {
    try {
      const picture = await open;
      closePicture(this.picture.value);
      batch(() => {
        this.picture.value = picture;
        this.notice.value = undefined;
      });
      await this.#classify();
      this.#report();
      this.#run();
    } catch (error) {
      this.notice.value = (error as Error).message;
    }
  }

  #change(change: Parameters<AdaptiveClassifier['change']>[0]): void {
    this.#classifier?.change(change).then(
      () => this.#show(),
      (error: Error) => {
        this.notice.value = error.message;
      },
    );
  }

  /** The subnet that runs now becomes what is drawn, and answers what is asked. */
  #show(): void {
    const classifier = this.#classifier as AdaptiveClassifier;
    const { architecture, classes, predicted } = classifier;
    const { accuracy } = predicted;
    batch(() => {
      this.subnet.value = { name: formatArchitecture(architecture), architecture, classes, predicted, accuracy };
      this.latency.value = classifier.latency;
    });
    this.#run();
  }

  async #sweep(): Promise<void> {
    const points = await frontier(this.#easel as Easel, [...this.picked.value]);
    const { least, most } = chosenRange(points);
    batch(() => {
      this.points.value = points;
      this.range.value = { least, most };
      const within = Math.min(most, Math.max(least, this.budgetMs.value));
      if (within !== this.budgetMs.value) this.setBudget(within);
    });
  }

  /** Runs the subnet until its latency is known, or all the time while the page is live. */
  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#classifier && this.picture.value) {
        if (this.#classifier.latency.count >= settlingRuns && !this.live.value) break;
        await this.#classify();
        this.#report();
        // Drawing takes processor time too: measuring waits until what moves has come to rest.
        await new Promise((resolve) => setTimeout(resolve, this.live.value ? liveIntervalMs : restMs));
        for (let run = 0; run < burst && !this.live.value; run++) await this.#classify();
      }
    } catch (error) {
      this.notice.value = (error as Error).message;
    } finally {
      this.#running = false;
    }
  }

  async #classify(): Promise<void> {
    const picture = this.picture.value;
    if (!picture || !this.#classifier) return;
    this.#newest = await this.#classifier.classify(picture.kind === 'camera' ? picture.video : picture.pixels);
  }

  /** Draws what the newest inferences said and took. */
  #report(): void {
    const { latency } = this.#classifier as AdaptiveClassifier;
    batch(() => {
      this.results.value = this.#newest;
      this.latency.value = latency;
      const { name, accuracy } = this.subnet.value as Subnet;
      if (latency.count < settlingRuns / 2) return;
      this.measured.value = new Map(this.measured.value).set(name, { p50Ms: latency.p50Ms, accuracy });
    });
  }
}
