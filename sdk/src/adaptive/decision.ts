import type { Inference } from '../classifier.js';
import type { Architecture } from '../space/index.js';
import type { Rung } from './ladder.js';
import type { LatencyStatistics } from './latency-window.js';

/** Why a subnet was changed, or could not be. */
export type DecisionKind =
  /** The first subnet, by the device's table. */
  | 'start'
  /** More than 5 % of the inferences took longer than the budget. */
  | 'over-budget'
  /** A larger subnet has been expected within the budget for a while. */
  | 'room'
  /** The app asked for other tasks or another budget. */
  | 'request'
  /** Over budget, and no smaller subnet there is. */
  | 'at-smallest'
  /** The next subnet could not be opened; the one before goes on. */
  | 'failed';

/** One line of the log. Latencies in ms. */
export interface Decision {
  readonly kind: DecisionKind;
  /** The whole decision as a sentence. */
  readonly reason: string;
  readonly time: Date;
  readonly budgetMs: number;
  /** Of the inferences that the decision rests on; absent where there were none. */
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  /** By what factor the device's table was scaled. */
  readonly slowdown: number;
  /** The same as `to` where the subnet stays. */
  readonly from?: Architecture;
  readonly to: Architecture;
  /** By the device's table, unscaled. */
  readonly predictedMs: number;
}

/** By type, what a listener is told. */
export interface AdaptiveEvents {
  /** Every inference that is counted: all but those that began while another subnet was being opened. */
  readonly inference: Inference;
  /** Before its subnet is opened. */
  readonly decision: Decision;
  /** The new subnet answers from now on. */
  readonly switch: { readonly decision: Decision; readonly openedInMs: number };
  /** Opening a subnet in the background failed; it will be tried again as conditions ask for it. */
  readonly error: { readonly decision: Decision; readonly error: unknown };
}

/** What a decision rests on. */
export interface Grounds {
  readonly budgetMs: number;
  readonly slowdown: number;
  readonly patienceMs: number;
  readonly latency: LatencyStatistics;
  /** The subnet that runs, if one does. */
  readonly from: Rung | undefined;
  readonly to: Rung;
}

export function decisionOf(kind: DecisionKind, grounds: Grounds, reason = reasonOf(kind, grounds)): Decision {
  const { budgetMs, slowdown, latency, from, to } = grounds;
  return {
    kind,
    reason,
    time: new Date(),
    budgetMs,
    ...(latency.count > 0 ? { p50Ms: latency.p50, p95Ms: latency.p95 } : {}),
    slowdown,
    ...(from ? { from: from.architecture } : {}),
    to: to.architecture,
    predictedMs: to.predictedMs,
  };
}

function reasonOf(kind: DecisionKind, { budgetMs, slowdown, patienceMs, latency, from, to }: Grounds): string {
  const budget = ms(budgetMs);
  const seen = `p95 ${ms(latency.p95)}`;
  const device = `the device takes ${slowdown.toFixed(2)} times what its table says`;
  const step = from ? `from a subnet of ${ms(from.predictedMs)} to one of ${ms(to.predictedMs)}` : ms(to.predictedMs);
  switch (kind) {
    case 'start':
      return `a subnet of ${step} by the table, for a budget of ${budget}`;
    case 'request':
      return from === to
        ? `the app asked for ${budget}: the subnet of ${ms(to.predictedMs)} by the table stays`
        : `the app asked for ${budget}: ${step} by the table`;
    case 'over-budget':
      return `${seen}, over the budget of ${budget}: ${device}, so ${step} by the table`;
    case 'room':
      return `${seen}, room below ${budget} for ${(patienceMs / 1000).toFixed(1)} s: ${device}, so ${step} by the table`;
    case 'at-smallest':
      return `${seen}, over the budget of ${budget}, with the smallest subnet: ${device}`;
    case 'failed':
      return 'another subnet could not be opened; this one goes on';
    default:
      return kind satisfies never;
  }
}

const ms = (value: number) => `${value < 1000 ? value.toPrecision(3) : value.toFixed(0)} ms`;
