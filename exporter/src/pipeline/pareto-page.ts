import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Evaluation } from './evaluate.js';

const require = createRequire(import.meta.url);
const plotting = (file: string) => readFileSync(require.resolve(`uplot/dist/${file}`), 'utf8');
const asset = (file: string) => readFileSync(new URL(`../../assets/pareto/${file}`, import.meta.url), 'utf8');

/**
 * Accuracy against measured latency, a plot per task, as one HTML file that needs nothing else: styles, scripts and
 * data are in it.
 */
export function paretoPage(evaluation: Evaluation, written: string): string {
  // No text of JSON may end the script element that it is in.
  const data = JSON.stringify(evaluation).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Accuracy against latency</title>
<style>${plotting('uPlot.min.css')}
${asset('page.css')}</style>
<main></main>
<footer>Written ${written} by <code>easel evaluate</code>. Plots: uPlot, © Leon Sorokin, MIT license.</footer>
<script type="application/json" id="data">${data}</script>
<script>${plotting('uPlot.iife.min.js')}</script>
<script>${asset('page.js')}</script>
</html>
`;
}
