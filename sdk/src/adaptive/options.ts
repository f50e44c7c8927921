import { InvalidRequestError, listed } from '../errors/index.js';
import { defaultPolicy, type PolicyOptions } from './policy.js';

/** How watchful an adaptive classifier is. The defaults suit anything from one image a second to a thousand. */
export interface AdaptiveOptions {
  /** How many of the newest inferences p50 and p95 are taken over. Default 1000. */
  readonly window?: number;
  /** Inferences older than this are left out of the window, but for the newest few. Default 2000. */
  readonly windowMs?: number;
  /** The share of the budget to aim for when changing subnets, above 0 and at most 1. Default 0.85. */
  readonly headroom?: number;
  /** How long a larger subnet must have been expected within the budget before it is opened. Default 1500. */
  readonly patienceMs?: number;
  /** Whether it changes subnets by itself. Default true. Without, it watches, reports and changes when the app asks. */
  readonly automatic?: boolean;
}

export interface Watchfulness {
  readonly policy: PolicyOptions;
  readonly automatic: boolean;
  readonly window: { readonly size: number; readonly maximumAgeMs: number; readonly kept: number };
}

/** @throws InvalidRequestError that names the option */
export function checkedOptions(options: AdaptiveOptions): Watchfulness {
  const { automatic = true, ...numbers } = options;
  if (typeof automatic !== 'boolean') throw new InvalidRequestError('automatic', automatic, 'true or false');
  const known: Record<Exclude<keyof AdaptiveOptions, 'automatic'>, (value: number) => string | undefined> = {
    window: (value) => (Number.isInteger(value) && value >= 20 ? undefined : 'an integer of at least 20'),
    windowMs: (value) => (value > 0 ? undefined : 'a number of milliseconds above 0'),
    headroom: (value) => (value > 0 && value <= 1 ? undefined : 'above 0 and at most 1'),
    patienceMs: (value) => (value >= 0 ? undefined : 'a number of milliseconds, 0 or more'),
  };
  for (const [name, value] of Object.entries(numbers)) {
    const check = known[name as keyof typeof known];
    if (!check) throw new InvalidRequestError('option', name, `one of ${listed([...Object.keys(known), 'automatic'])}`);
    if (value === undefined) continue;
    const expected = typeof value === 'number' && Number.isFinite(value) ? check(value) : 'a finite number';
    if (expected !== undefined) throw new InvalidRequestError(name, value, expected);
  }
  const {
    window = 1000,
    windowMs = 2000,
    headroom = defaultPolicy.headroom,
    patienceMs = defaultPolicy.patienceMs,
  } = options;
  return {
    automatic,
    policy: { ...defaultPolicy, headroom, patienceMs },
    window: { size: window, maximumAgeMs: windowMs, kept: defaultPolicy.samples },
  };
}
