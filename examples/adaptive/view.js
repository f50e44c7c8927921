const eighths = ' ▁▂▃▄▅▆▇█';
const chartRows = 6;

/** One line about now, for logs. */
export function line({ latency, budgetMs, predicted, architecture }) {
  const kept = latency.p95Ms <= budgetMs ? 'within' : 'over';
  const network = `${million(predicted.macs)} MACs, ${blocksOf(architecture)} blocks`;
  return `p50 ${ms(latency.p50Ms)}, p95 ${ms(latency.p95Ms)}, ${kept} ${ms(budgetMs)}; ${network}`;
}

/**
 * The whole screen.
 *
 * @param {{ columns: number, rows: number, style: (format: string | string[], text: string) => string }} terminal
 * @returns {string[]} at most `rows` lines, none wider than `columns`
 */
export function draw(state, { columns, rows, style }) {
  const { title, budgetMs, latency, tasks, decisions, notice, cameras, hog } = state;
  const kept = latency.p95Ms <= budgetMs;
  const write = (pieces) => fitted(pieces, columns, style);
  const figures = [
    ['dim', ' p95 '],
    [kept ? ['bold', 'green'] : ['bold', 'red'], ms(latency.p95Ms)],
    ['dim', '   p50 '],
    ['bold', ms(latency.p50Ms)],
    ['dim', '   budget '],
    ['bold', ms(budgetMs)],
    ['dim', '   the device takes '],
    ['bold', `${latency.slowdown.toFixed(2)} ×`],
    ['dim', ' what its table says'],
  ];
  const top = [
    write([
      ['bold', ' Easel'],
      ['dim', `  ${title}   ${clock((state.now - state.started) / 1000)}`],
    ]),
    '',
    write(figures),
    '',
    ...chart(state, columns, style),
    '',
    write([
      ['dim', ' network '],
      ['cyan', drawn(state.architecture)],
    ]),
    write([
      ['dim', '         '],
      ['bold', `${million(state.predicted.macs)} MACs`],
      ['dim', `, ${blocksOf(state.architecture)} blocks, ${ms(state.predicted.latencyMs)} by the table, for `],
      ['bold', tasks.join(', ')],
    ]),
    '',
    write([['bold', ' Decisions']]),
  ];
  const bottom = [
    write([['yellow', notice ? ` ${notice}` : '']]),
    write(
      [
        ['↑↓', 'budget'],
        ['t', 'next task'],
        ['c', `cameras: ${cameras}`],
        ['h', `CPU hog: ${hog ? 'on' : 'off'}`],
        ['q', 'quit'],
      ].flatMap(([key, meaning]) => [
        [['bold', 'inverse'], ` ${key} `],
        ['dim', ` ${meaning}  `],
      ]),
    ),
  ];
  const room = Math.max(0, rows - top.length - bottom.length);
  const log = decisions.slice(-Math.ceil(room / 2)).reverse();
  const said = log.flatMap((decision) => decisionLines(decision, state, columns, style)).slice(0, room);
  const padding = Array.from({ length: room - said.length }, () => '');
  return [...top, ...said, ...padding, ...bottom].slice(0, rows);
}

/** p95 of each half-second as bars; over the budget in red; the budget as a line. */
function chart({ recent, budgetMs }, columns, style) {
  const axis = 10;
  const width = Math.max(10, columns - axis - 1);
  const shown = recent.slice(-width);
  const top = 2 * budgetMs;
  const budgetRow = chartRows / 2;
  return Array.from({ length: chartRows }, (_, row) => {
    const floor = chartRows - 1 - row;
    const label = row === 0 ? ms(top) : row === budgetRow ? 'budget' : row === chartRows - 1 ? '0 ms' : '';
    const cells = Array.from({ length: width }, (_, column) => {
      const value = shown[column];
      const filled =
        value === undefined ? 0 : Math.round(8 * Math.min(1, Math.max(0, (value / top) * chartRows - floor)));
      if (filled > 0) return [value > budgetMs ? 'red' : 'green', eighths[filled]];
      return row === budgetRow ? ['yellow', '┄'] : ['dim', ' '];
    });
    return fitted([['dim', `${label.padStart(axis - 2)} `], ...joined(cells)], columns, style);
  });
}

/** Neighbours of one colour as one piece. */
function joined(cells) {
  const pieces = [];
  for (const [format, text] of cells) {
    if (pieces.at(-1)?.[0] === format) pieces.at(-1)[1] += text;
    else pieces.push([format, text]);
  }
  return pieces;
}

/** Two lines at most: when, what, and why. */
function decisionLines({ kind, reason, time }, { started }, columns, style) {
  const colour = { 'over-budget': 'red', 'at-smallest': 'red', room: 'green', failed: 'red' }[kind] ?? 'cyan';
  const when = clock(Math.max(0, (time - started) / 1000)).padStart(7);
  const indent = 22;
  const [first, ...others] = wrapped(reason, Math.max(10, columns - indent - 1));
  return [
    fitted(
      [
        ['dim', `${when} `],
        [['bold', colour], kind.padEnd(13)],
        ['reset', ` ${first}`],
      ],
      columns,
      style,
    ),
    ...others.slice(0, 1).map((text) => fitted([['reset', `${' '.repeat(indent)}${text}`]], columns, style)),
  ];
}

function wrapped(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (lines.at(-1).length + word.length + 1 > width && lines.at(-1) !== '') lines.push('');
    lines[lines.length - 1] += (lines.at(-1) === '' ? '' : ' ') + word;
  }
  return lines;
}

/** Styles pieces of text, cut to the width of the terminal. */
function fitted(pieces, columns, style) {
  let left = columns;
  return pieces
    .map(([format, text]) => {
      const cut = text.slice(0, left);
      left -= cut.length;
      return cut === '' ? '' : style(format, cut);
    })
    .join('');
}

/** Units apart by bars, blocks by dots: kernel size x expand ratio. */
function drawn({ units }) {
  const block = ({ kernel, expandRatio }) => `${kernel}×${expandRatio}`;
  return units.map((blocks) => blocks.map(block).join(' · ')).join(' │ ');
}

const blocksOf = ({ units }) => units.reduce((sum, blocks) => sum + blocks.length, 0);
const million = (macs) => `${(macs / 1e6).toFixed(1)} M`;
const ms = (value) => `${value < 1000 ? value.toPrecision(3) : value.toFixed(0)} ms`;
const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(0).padStart(2, '0')}`;
