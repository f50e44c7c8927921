import { selfContainedPage } from '../report/index.js';
import type { Evaluation } from './evaluate.js';

/** Accuracy against measured latency, a plot per task, as one HTML file that needs nothing else. */
export function paretoPage(evaluation: Evaluation, written: string): string {
  return selfContainedPage({
    title: `${evaluation.bundle}: accuracy against latency`,
    assets: 'pareto',
    data: evaluation,
    written,
    command: 'easel evaluate',
  });
}
