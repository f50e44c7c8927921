import type { Classifier, Inference, Prediction, Result } from '../classifier.js';
import { DisposedError } from '../errors/index.js';
import type { ImageInput } from '../image/index.js';
import type { Architecture } from '../space/index.js';
import { type AdaptiveEvents, type Decision, type DecisionKind, decisionOf } from './decision.js';
import { Journal } from './journal.js';
import { ladderOf, type Rung } from './ladder.js';
import { type AdaptiveOptions, checkedOptions, type Watchfulness } from './options.js';
import {
  type AdaptiveChange,
  type AdaptiveRequest,
  assertAdaptive,
  assertFeasible,
  changed,
  sameLadder,
} from './request.js';
import type { ObservedLatency, Subnet, SubnetSource, Target } from './subnet.js';
import { Switcher } from './switcher.js';
import { Watch } from './watch.js';

/**
 * A classifier that watches its own latency and, in the background, changes to a smaller subnet when the device slows
 * down and to a larger one when it recovers, so that 95 % of the inferences stay within the budget. Images under way
 * finish on the subnet that they began with; none waits for the next. Made by `Easel.adaptive`; it has no timers, so that
 * an app that asks for nothing costs nothing.
 */
export class AdaptiveClassifier {
  readonly #source: SubnetSource;
  readonly #watch: Watch;
  readonly #switcher: Switcher;
  readonly #journal = new Journal();
  /** Whether it changes subnets by itself. Without, it watches, reports and changes when the app asks. */
  automatic: boolean;
  /** Requests of the app are taken one after the other. */
  #changes: Promise<unknown> = Promise.resolve();
  #disposed = false;

  private constructor(source: SubnetSource, watchfulness: Watchfulness) {
    this.automatic = watchfulness.automatic;
    this.#source = source;
    this.#watch = new Watch(watchfulness, source.correction);
    this.#switcher = new Switcher({
      open: (target) => this.#open(target),
      onSwitch: (target, before, openedInMs) => this.#switched(target, before, openedInMs),
      onFailure: (running, error) => this.#failed(running, error),
    });
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
    const adaptive = new AdaptiveClassifier(source, watchfulness);
    await adaptive.#reach(adaptive.#want('start', request, rungs));
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
    const { count, p50, p95 } = this.#watch.statistics();
    return { count, p50Ms: p50, p95Ms: p95, slowdown: this.#watch.slowdown };
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
    this.#watch.remember(this.#subnet.target);
    this.#journal.close();
    await this.#switcher.dispose();
  }

  async #accept(change: AdaptiveChange): Promise<Target> {
    this.#assertUsable();
    const before = this.#wanted;
    const request = changed(before.request, change);
    await assertAdaptive(request);
    const rungs = sameLadder(request, before.request) ? before.rungs : await ladderOf(this.#source, request);
    assertFeasible(request, rungs);
    this.#assertUsable();
    this.#watch.forgetSetbacks();
    return this.#want('request', request, rungs);
  }

  #observe(inference: Inference, classifier: Classifier): void {
    const { running, isSwitching } = this.#switcher;
    if (this.#disposed || isSwitching || classifier !== running?.classifier || !this.#watch.add(inference)) return;
    this.#journal.emit('inference', inference);
    const now = inference.startedAt + inference.ms;
    if (this.automatic && !this.#switcher.isBackingOff(now)) this.#decide(now);
  }

  #decide(now: number): void {
    const { request, rungs, rung } = this.#wanted;
    const verdict = this.#watch.verdict(now, this.#wanted);
    if (verdict.kind === 'stay') return;
    if (verdict.kind === 'at-smallest') {
      this.#journal.record(this.#decision('at-smallest', request, rungs[rung] as Rung));
      return;
    }
    // A failure is in the log and was told to listeners.
    this.#reach(this.#want(verdict.kind, request, rungs, verdict.to)).catch(() => undefined);
  }

  #want(
    kind: DecisionKind,
    request: AdaptiveRequest,
    rungs: readonly Rung[],
    rung = this.#watch.largestWithin(request.budget.latencyMs, rungs),
  ): Target {
    const target = { request, rungs, rung, decision: this.#decision(kind, request, rungs[rung] as Rung) };
    this.#switcher.want(target);
    this.#journal.record(target.decision);
    return target;
  }

  /** @throws as `Switcher.reach` does; DisposedError */
  async #reach(target: Target): Promise<void> {
    await this.#switcher.reach(target);
    this.#assertUsable();
  }

  async #open({ request, rungs, rung }: Target): Promise<Classifier> {
    const { budget: _, ...subject } = request;
    const { architecture } = rungs[rung] as Rung;
    const classifier: Classifier = await this.#source.open(subject, architecture, (inference) =>
      this.#observe(inference, classifier),
    );
    return classifier;
  }

  #switched({ decision }: Target, before: Subnet | undefined, openedInMs: number): void {
    if (before) this.#watch.remember(before.target);
    this.#watch.restart();
    this.#journal.emit('switch', { decision, openedInMs });
  }

  #failed({ request, rungs, rung }: Target, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const reason = `another subnet could not be opened, this one goes on: ${message}`;
    const decision = this.#decision('failed', request, rungs[rung] as Rung, reason);
    this.#journal.record(decision);
    this.#journal.emit('error', { decision, error });
  }

  #decision(kind: DecisionKind, { budget }: AdaptiveRequest, to: Rung, reason?: string): Decision {
    const { slowdown, patienceMs } = this.#watch;
    const running = this.#switcher.running?.target;
    const from = running?.rungs[running.rung];
    const latency = this.#watch.statistics();
    return decisionOf(kind, { budgetMs: budget.latencyMs, slowdown, patienceMs, latency, from, to }, reason);
  }

  // `open` hands out no instance before its first subnet runs.
  get #subnet(): Subnet {
    return this.#switcher.running as Subnet;
  }

  get #wanted(): Target {
    return this.#switcher.wanted as Target;
  }

  #assertUsable(): void {
    if (this.#disposed) throw new DisposedError('adaptive classifier');
  }
}
