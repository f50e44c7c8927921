import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export interface PageOptions {
  readonly title: string;
  /** Folder of `exporter/assets` that holds `page.css` and `page.js`; the latter draws what is in the element `data`. */
  readonly assets: 'report' | 'pareto';
  readonly data: unknown;
  /** When, and by which command. */
  readonly written: string;
  readonly command: string;
  /** More elements of the head, as HTML. */
  readonly head?: string;
}

const require = createRequire(import.meta.url);
const plotting = (file: string) => readFileSync(require.resolve(`uplot/dist/${file}`), 'utf8');

/** One HTML file that needs nothing else: styles, scripts, the plotting library and data are in it. */
export function selfContainedPage({ title, assets, data, written, command, head = '' }: PageOptions): string {
  const asset = (file: string) => readFileSync(new URL(`../../assets/${assets}/${file}`, import.meta.url), 'utf8');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
${head}<title>${escaped(title)}</title>
<style>${plotting('uPlot.min.css')}
${asset('page.css')}</style>
<main></main>
<footer>Written ${escaped(written)} by <code>${escaped(command)}</code>. Plots: uPlot, © Leon Sorokin, MIT license.</footer>
<script type="application/json" id="data">${scriptSafe(JSON.stringify(data))}</script>
<script>${plotting('uPlot.iife.min.js')}</script>
<script>${asset('page.js')}</script>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** No text of JSON may end the script element that it is in. */
function scriptSafe(json: string): string {
  return json.replaceAll('<', '\\u003c');
}
