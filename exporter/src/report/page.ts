import type { QuickEvaluation, SubnetAccuracies, TaskConfusion } from '../training/index.js';
import { selfContainedPage } from './self-contained.js';

/** All that the page shows; `null` where there is no value. */
export interface ReportData {
  readonly title: string;
  readonly subtitle: string;
  readonly status: string;
  readonly command: string;
  readonly written: string;
  readonly trainingSteps: number;
  readonly progress?: {
    readonly step: number;
    readonly totalSteps: number;
    readonly imagesSeen: number;
    readonly secondsLeft: number;
  };
  readonly steps: Readonly<Record<StepSeries, readonly (number | null)[]>>;
  readonly evaluations: Readonly<Record<'step' | keyof SubnetAccuracies, readonly number[]>>;
  /** Step of the evaluation that tasks and confusion are of. */
  readonly evaluatedAt?: number;
  readonly tasks: readonly { readonly task: string; readonly classes: number; readonly accuracy: SubnetAccuracies }[];
  readonly confusion: QuickEvaluation['confusion'];
  readonly samples: readonly ClassSample[];
}

export const stepSeries = [
  'step',
  'largest',
  'smallest',
  'random',
  'imagesPerSecond',
  'learningRate',
  'gradientNorm',
] as const;
export type StepSeries = (typeof stepSeries)[number];

export interface ClassSample {
  readonly className: string;
  /** In the train split. */
  readonly images: number;
  /** A strip of some of them, as a data URL. */
  readonly source: string;
}

/** Seconds after which a browser loads the page again, while the run goes on. */
const REFRESH = 30;

/** One file that needs nothing else: styles, scripts, data and images are in it. */
export function reportPage(data: ReportData): string {
  const refresh = data.status === 'running' ? `<meta http-equiv="refresh" content="${REFRESH}">\n` : '';
  const { title, written, command } = data;
  return selfContainedPage({ title, assets: 'report', data, written, command, head: refresh });
}

/** The data in a page; undefined if it holds none. */
export function dataInPage(
  page: string,
): { readonly confusion: readonly TaskConfusion[]; readonly evaluatedAt?: number } | undefined {
  const text = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1];
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
