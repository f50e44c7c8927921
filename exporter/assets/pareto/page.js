// Draws the evaluation in #data: a scatter plot per task, with the details of the nearest point on hover.
const evaluation = JSON.parse(document.getElementById('data').textContent);
const kinds = [
  { subnet: 'generated', colour: '#0b6fb8', line: true },
  { subnet: 'searched for the task', colour: '#c2410c' },
  { subnet: 'searched for all classes', colour: '#15803d' },
  { subnet: 'smallest', colour: '#6b7280' },
  { subnet: 'largest', colour: '#111827' },
];
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const milliseconds = (ms) => `${ms.toPrecision(3)} ms`;

function element(name, text, parent) {
  const created = document.createElement(name);
  if (text) created.textContent = text;
  parent?.append(created);
  return created;
}

function details(row) {
  return [
    row.subnet,
    row.architecture,
    `accuracy ${percent(row.accuracy)}${row.predictedAccuracy ? ` (predicted ${percent(row.predictedAccuracy)})` : ''}`,
    `latency ${milliseconds(row.measuredMs)}${row.predictedMs ? ` (predicted ${milliseconds(row.predictedMs)})` : ''}`,
    ...(row.budget ? [`budget ${evaluation.metric} ${row.budget.toPrecision(4)}`] : []),
    `${(row.macs / 1e6).toFixed(1)} M MACs`,
  ].join('\n');
}

function place(task, parent) {
  const section = element('section', undefined, parent);
  element('h2', task, section);
  const plot = element('div', undefined, section);
  plot.className = 'plot';
  return plot;
}

function draw(rows, plot) {
  const sorted = [...rows].sort((a, b) => a.measuredMs - b.measuredMs);
  const shown = kinds.filter(({ subnet }) => sorted.some((row) => row.subnet === subnet));
  // Every row has a place on the x axis of its own; the other kinds have a gap there.
  const columns = shown.map(({ subnet }) => sorted.map((row) => (row.subnet === subnet ? 100 * row.accuracy : null)));
  const hover = element('div', undefined, plot);
  hover.className = 'hover';
  const follow = (u) => {
    const { left, top } = u.cursor;
    let nearest;
    sorted.forEach((row) => {
      const [x, y] = [u.valToPos(row.measuredMs, 'x'), u.valToPos(100 * row.accuracy, 'y')];
      const distance = Math.hypot(x - left, y - top);
      if (distance < 24 && (!nearest || distance < nearest.distance)) nearest = { row, x, y, distance };
    });
    hover.style.display = left >= 0 && nearest ? 'block' : 'none';
    if (!nearest) return;
    hover.textContent = details(nearest.row);
    const { offsetLeft, offsetTop } = u.over;
    hover.style.left = `${offsetLeft + Math.min(nearest.x + 12, u.over.clientWidth - 220)}px`;
    hover.style.top = `${offsetTop + nearest.y + 12}px`;
  };
  const options = {
    width: Math.max(360, plot.clientWidth),
    height: 320,
    scales: { x: { time: false } },
    axes: [{ label: 'measured latency, ms' }, { label: 'accuracy, %' }],
    cursor: { points: { show: false }, drag: { x: false, y: false } },
    legend: { live: false },
    hooks: { setCursor: [follow] },
    series: [
      { label: 'ms' },
      ...shown.map(({ subnet, colour, line }) => ({
        label: subnet,
        stroke: colour,
        width: line ? 1.5 : 0,
        spanGaps: true,
        points: { show: true, size: 9, fill: colour, stroke: colour },
      })),
    ],
  };
  new uPlot(options, [sorted.map(({ measuredMs }) => measuredMs), ...columns], plot);
}

const main = document.querySelector('main');
element('h1', `Accuracy against latency: ${evaluation.bundle}`, main);
const where = evaluation.device ? `profile ${evaluation.device}` : 'no profile';
element('p', `Test images of each task, told apart from each other. Latency: the median run here; ${where}.`, main);
const plots = element('div', undefined, main);
plots.className = 'plots';
// All places first: a plot is as wide as its column, which depends on how many there are.
const tasks = [...new Set(evaluation.rows.map((row) => row.task))].map((task) => [task, place(task, plots)]);
for (const [task, plot] of tasks) {
  draw(
    evaluation.rows.filter((row) => row.task === task),
    plot,
  );
}
