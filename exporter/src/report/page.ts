import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { QuickEvaluation, SubnetAccuracies, TaskConfusion } from '../training/index.js';

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

const require = createRequire(import.meta.url);
const plotting = (file: string) => readFileSync(require.resolve(`uplot/dist/${file}`), 'utf8');
const asset = (file: string) => readFileSync(new URL(`../../assets/report/${file}`, import.meta.url), 'utf8');

/** One file that needs nothing else: styles, scripts, data and images are in it. */
export function reportPage(data: ReportData): string {
  const refresh = data.status === 'running' ? `<meta http-equiv="refresh" content="${REFRESH}">\n` : '';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
${refresh}<title>${escaped(data.title)}</title>
<style>${plotting('uPlot.min.css')}
${asset('page.css')}</style>
<main></main>
<footer>Written ${escaped(data.written)} by <code>${escaped(data.command)}</code>. Plots: uPlot, © Leon Sorokin, MIT license.</footer>
<script type="application/json" id="data">${scriptSafe(JSON.stringify(data))}</script>
<script>${plotting('uPlot.iife.min.js')}</script>
<script>${asset('page.js')}</script>
</html>
`;
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

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** No text of JSON may end the script element that it is in. */
function scriptSafe(json: string): string {
  return json.replaceAll('<', '\\u003c');
}
