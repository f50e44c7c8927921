import type { Classifier, Inference, Prediction, Result } from '../classifier.js';
import { DisposedError } from '../errors/index.js';
import type { ImageInput } from '../image/index.js';
import { InFlight } from '../runtime/index.js';
import type { Architecture } from '../space/index.js';
import { Backoff } from './backoff.js';
import { type AdaptiveEvents, type Decision, type DecisionKind, decisionOf } from './decision.js';
import { Journal } from './journal.js';
import { ladderOf, type Rung } from './ladder.js';
import { LatencyWindow } from './latency-window.js';
import { type AdaptiveOptions, checkedOptions, type Watchfulness } from './options.js';
import { PendingTargets } from './pending-targets.js';
import { Policy } from './policy.js';
import {
  type AdaptiveChange,
  type AdaptiveRequest,
  assertAdaptive,
  assertFeasible,
  changed,
  sameLadder,
} from './request.js';
import type { ObservedLatency, Subnet, SubnetSource, Target } from './subnet.js';

/** At most this often, in ms, are latencies sorted and a decision thought over. */
const decideEveryMs = 20;
/** Fewest inferences whose median says how fast the device is. */
const enoughToRemember = 12;

/**
 * A classifier that watches its own latency and, in the background, changes to a smaller subnet when the device slows
 * down and to a larger one when it recovers, so that 95 % of the inferences stay within the budget. Images under way
 * finish on the subnet that they began with; none waits for the next. Made by `Easel.adaptive`; it has no timers, so that
 * an app that asks for nothing costs nothing.
 */
export class AdaptiveClassifier {
  readonly #source: SubnetSource;
  readonly #policy: Policy;
  readonly #window: LatencyWindow;
  readonly #journal = new Journal();
  readonly #retired = new InFlight();
  /** Whether it changes subnets by itself. Without, it watches, reports and changes when the app asks. */
  automatic: boolean;
  #wanted: Target;
  readonly #pending = new PendingTargets();
  #running: Subnet | undefined;
  #switching: Promise<void> | undefined;
  /** Requests of the app are taken one after the other. */
  #changes: Promise<unknown> = Promise.resolve();
  /** Inferences that began before shared the processor with opening a subnet. */
  #cleanSince = 0;
  #decidedAt = Number.NEGATIVE_INFINITY;
  readonly #backoff = new Backoff();
  #disposed = false;

  private constructor(
    source: SubnetSource,
    { automatic, policy, window }: Watchfulness,
    request: AdaptiveRequest,
    rungs: readonly Rung[],
  ) {
    this.automatic = automatic;
    this.#source = source;
    const factor = source.correction?.factor ?? 1;
    this.#policy = new Policy(policy, factor === 1 ? undefined : factor);
    this.#window = new LatencyWindow(window);
    this.#wanted = this.#targetOf('start', request, rungs);
    this.#journal.record(this.#wanted.decision);
  }

  /** See `Easel.adaptive`. */
  static async open(
    source: SubnetSource,
    request: AdaptiveRequest,
    options: AdaptiveOptions,
  ): Promise<AdaptiveClassifier> {
    const watchfulness = checkedOptions(options);
    await assertAdaptive(request);
    const rungs = await ladderOf(source, request);
    assertFeasible(request, rungs);
    const adaptive = new AdaptiveClassifier(source, watchfulness, request, rungs);
    await adaptive.#reach(adaptive.#wanted);
    return adaptive;
  }

  /** Of the running subnet, as are `architecture` and `predicted`. */
  get classes(): readonly string[] {
    return this.#subnet.classifier.classes;
  }

  get architecture(): Architecture {
    return this.#subnet.classifier.architecture;
  }

  /** By the device's table, unscaled: the latency expected now is `predicted.latencyMs * latency.slowdown`. */
  get predicted(): Prediction {
    return this.#subnet.classifier.predicted;
  }

  /** What was asked for last. */
  get request(): AdaptiveRequest {
    return this.#wanted.request;
  }

  get latency(): ObservedLatency {
    const { count, p50, p95 } = this.#window.statistics();
    return { count, p50Ms: p50, p95Ms: p95, slowdown: this.#policy.slowdown };
  }

  /** The newest 200 decisions, the oldest first. */
  get decisions(): readonly Decision[] {
    return this.#journal.decisions;
  }

  /**
   * @returns every class of the running subnet with its probability, the most probable first
   * @throws ImageError, DisposedError
   */
  async classify(image: ImageInput): Promise<readonly Result[]> {
    this.#assertUsable();
    return this.#subnet.classifier.classify(image);
  }

  /**
   * Other tasks, another budget, or both. Until the new subnet is open, the one before answers.
   *
   * Called again meanwhile, it goes on to the newest change at once, and skips those between.
   *
   * @returns when the new subnet answers, or that of a newer change
   * @throws UnknownTaskError, UnknownClassError, InvalidRequestError, InfeasibleBudgetError, DisposedError; then nothing
   *   changes
   * @throws whatever opening the subnet threw, or that of the newest change for which this one was skipped; then the
   *   subnet before goes on
   */
  async change(change: AdaptiveChange): Promise<void> {
    this.#assertUsable();
    const accepted = this.#changes.then(() => this.#accept(change));
    this.#changes = accepted.catch(() => undefined);
    await this.#reach(await accepted);
  }

  /** `change({ budget })`. */
  setBudget(budget: AdaptiveRequest['budget']): Promise<void> {
    return this.change({ budget });
  }

  /** `change({ tasks })`: these tasks' classes alone. */
  setTasks(tasks: readonly string[]): Promise<void> {
    return this.change({ tasks });
  }

  /**
   * Tells a listener of every decision, of every switch once it has happened, or of errors in the background.
   * @returns ends the subscription
   */
  on<Type extends keyof AdaptiveEvents>(type: Type, listener: (event: AdaptiveEvents[Type]) => void): () => void {
    this.#assertUsable();
    return this.#journal.on(type, listener);
  }

  /** Frees the subnets, once images under way are done. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#remember();
    this.#journal.close();
    await this.#switching;
    await this.#retired.ended();
    await this.#running?.classifier.dispose();
  }

  async #accept(change: AdaptiveChange): Promise<Target> {
    this.#assertUsable();
    const before = this.#wanted;
    const request = changed(before.request, change);
    await assertAdaptive(request);
    const rungs = sameLadder(request, before.request) ? before.rungs : await ladderOf(this.#source, request);
    assertFeasible(request, rungs);
    this.#assertUsable();
    this.#policy.reset();
    return this.#want(this.#targetOf('request', request, rungs));
  }

  #observe(inference: Inference, classifier: Classifier): void {
    const { startedAt, ms } = inference;
    if (this.#disposed || this.#switching || classifier !== this.#running?.classifier || startedAt < this.#cleanSince)
      return;
    const now = startedAt + ms;
    this.#window.add(ms, now);
    this.#journal.emit('inference', inference);
    if (!this.automatic || now - this.#decidedAt < decideEveryMs || this.#backoff.isWaiting(now)) return;
    this.#decidedAt = now;
    this.#decide(now);
  }

  #decide(now: number): void {
    const { request, rungs, rung } = this.#wanted;
    const verdict = this.#policy.decide({
      now,
      budgetMs: request.budget.latencyMs,
      predictedMs: rungs.map(({ predictedMs }) => predictedMs),
      running: rung,
      latency: this.#window.statistics(),
    });
    if (verdict.kind === 'stay') return;
    if (verdict.kind === 'at-smallest') {
      this.#journal.record(this.#decision('at-smallest', request, rungs[rung] as Rung));
      return;
    }
    const target = this.#want(this.#targetOf(verdict.kind, request, rungs, verdict.to));
    // A failure is in the log and was told to listeners.
    this.#reach(target).catch(() => undefined);
  }

  #targetOf(
    kind: DecisionKind,
    request: AdaptiveRequest,
    rungs: readonly Rung[],
    rung = this.#policy.largestWithin(
      request.budget.latencyMs,
      rungs.map(({ predictedMs }) => predictedMs),
    ),
  ): Target {
    return { request, rungs, rung, decision: this.#decision(kind, request, rungs[rung] as Rung) };
  }

  #want(target: Target): Target {
    this.#wanted = target;
    this.#pending.add(target);
    if (this.#running && this.#isRunning(target)) {
      this.#running = { ...this.#running, target };
      this.#pending.reached(target);
    }
    this.#journal.record(target.decision);
    return target;
  }

  /** Resolves when this one runs, or what was wanted after it; fails with it, or with what it was skipped for. */
  async #reach(target: Target): Promise<void> {
    while (target.error === undefined && !this.#disposed && !this.#isRunning(this.#wanted)) {
      this.#switching ??= this.#switch().finally(() => {
        this.#switching = undefined;
      });
      await this.#switching;
    }
    if (target.error !== undefined) throw target.error;
    this.#assertUsable();
  }

  /** To what is wanted now. Whatever is wanted meanwhile comes after it, so that a stream of changes makes progress. */
  async #switch(): Promise<void> {
    const target = this.#wanted;
    const { request, rungs, rung, decision } = target;
    const start = performance.now();
    try {
      const { budget: _, ...subject } = request;
      const classifier: Classifier = await this.#source.open(subject, (rungs[rung] as Rung).architecture, (inference) =>
        this.#observe(inference, classifier),
      );
      const before = this.#running;
      this.#remember();
      this.#running = { classifier, target };
      if (before) this.#retired.track(before.classifier.dispose()).catch(() => undefined);
      this.#pending.reached(target);
      this.#backoff.succeed();
      this.#window.clear();
      this.#cleanSince = performance.now();
      this.#journal.emit('switch', { decision, openedInMs: this.#cleanSince - start });
    } catch (error) {
      this.#fail(target, error);
    }
  }

  /** What the running subnet took, for those that come after it. */
  #remember(): void {
    const { count, p50 } = this.#window.statistics();
    if (!this.#running || count < enoughToRemember) return;
    const { rungs, rung } = this.#running.target;
    this.#source.correction?.observe(p50, (rungs[rung] as Rung).predictedMs);
  }

  /** The subnet before goes on; the policy may ask again, but not at once. */
  #fail(target: Target, error: unknown): void {
    target.error = error;
    this.#backoff.fail(performance.now());
    if (!this.#running) return;
    if (this.#wanted === target) {
      this.#wanted = this.#running.target;
      this.#pending.fail(error);
    }
    const { request, rungs, rung } = this.#running.target;
    const message = error instanceof Error ? error.message : String(error);
    const reason = `another subnet could not be opened, this one goes on: ${message}`;
    const decision = this.#decision('failed', request, rungs[rung] as Rung, reason);
    this.#journal.record(decision);
    this.#journal.emit('error', { decision, error });
  }

  #decision(kind: DecisionKind, { budget }: AdaptiveRequest, to: Rung, reason?: string): Decision {
    const { slowdown, patienceMs } = this.#policy;
    const running = this.#running?.target;
    const from = running?.rungs[running.rung];
    const latency = this.#window.statistics();
    return decisionOf(kind, { budgetMs: budget.latencyMs, slowdown, patienceMs, latency, from, to }, reason);
  }

  #isRunning({ rungs, rung }: Target): boolean {
    return this.#running?.target.rungs === rungs && this.#running.target.rung === rung;
  }

  get #subnet(): Subnet {
    // `open` hands out no instance before its first subnet runs.
    return this.#running as Subnet;
  }

  #assertUsable(): void {
    if (this.#disposed) throw new DisposedError('adaptive classifier');
  }
}
