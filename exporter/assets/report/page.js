// Draws the report from the JSON in this page. Runs in any browser, without a network.
const data = JSON.parse(document.getElementById('data').textContent);
const root = document.querySelector('main');
const darkness = matchMedia('(prefers-color-scheme: dark)');
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const subnets = ['largest', 'random', 'smallest'];

function element(name, attributes = {}, ...children) {
  const node = Object.assign(document.createElement(name), attributes);
  node.append(...children);
  return node;
}

function duration(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return `${Math.round(seconds)} s`;
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

function drawFacts() {
  const { status, progress, evaluations } = data;
  const last = (name) => evaluations[name].at(-1);
  const facts = [
    ['Status', status],
    ['Step', progress ? `${progress.step} of ${progress.totalSteps}` : '—'],
    ...(status === 'running' && progress ? [['Left, about', duration(progress.secondsLeft)]] : []),
    ...(progress ? [['Images seen', progress.imagesSeen.toLocaleString('en')]] : []),
    ...subnets.map((name) => [`Accuracy, ${name}`, last(name) === undefined ? '—' : percent(last(name))]),
  ];
  const list = element('dl', { className: 'facts' });
  for (const [name, value] of facts) list.append(element('div', {}, element('dt', {}, name), element('dd', {}, value)));
  root.append(element('h1', {}, data.title), element('p', { className: 'muted' }, data.subtitle));
  if (progress) root.append(element('progress', { max: progress.totalSteps, value: progress.step }));
  root.append(list);
}

function chart(parent, title, series, format) {
  const drawn = series.filter(({ values }) => values.some((value) => value !== null));
  if (drawn.length === 0) return;
  const box = element('div', { className: 'chart' }, element('h3', {}, title));
  parent.append(box);
  const axis = { stroke: colour('muted'), grid: { stroke: colour('line'), width: 1 }, ticks: { stroke: colour('line') } };
  const plot = new uPlot(
    {
      width: box.clientWidth - 24,
      height: 240,
      scales: { x: { time: false } },
      cursor: { y: false },
      axes: [
        { ...axis, values: (_, ticks) => ticks.map((tick) => (tick >= 1000 ? `${tick / 1000}k` : tick)) },
        { ...axis, size: 58, values: (_, ticks) => ticks.map(format) },
      ],
      series: [
        { label: 'step' },
        ...drawn.map(({ label, name }) => ({
          label,
          stroke: colour(name),
          width: 2,
          spanGaps: true,
          value: (_, value) => (value === null ? '—' : format(value)),
        })),
      ],
      hooks: { drawClear: [markPhase] },
    },
    [series[0].steps, ...drawn.map(({ values }) => values)],
    box,
  );
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth - 24, height: 240 })).observe(box);
}

/** A line where batch norm was frozen. */
function markPhase(plot) {
  const { min, max } = plot.scales.x;
  if (!(data.trainingSteps > min && data.trainingSteps < max)) return;
  const x = plot.valToPos(data.trainingSteps, 'x', true);
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = colour('muted');
  ctx.setLineDash([4, 4]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

function drawCharts() {
  const { steps, evaluations } = data;
  const grid = element('div', { className: 'charts' });
  root.append(element('h2', {}, 'Over time'), grid);
  const lines = (from, names) =>
    names.map((name) => ({ label: name, name, steps: from.step, values: from[name] }));
  const one = (label, values) => [{ label, name: 'largest', steps: steps.step, values }];
  const number = (digits) => (value) => value.toFixed(digits);
  chart(grid, 'Loss', lines(steps, subnets), number(2));
  chart(grid, 'Accuracy on validation images, all classes', lines(evaluations, subnets), percent);
  chart(grid, 'Throughput, images per second', one('images/s', steps.imagesPerSecond), number(0));
  chart(grid, 'Learning rate', one('rate', steps.learningRate), number(3));
  chart(grid, 'Norm of the gradient', one('norm', steps.gradientNorm), number(2));
  root.append(
    element('p', { className: 'muted' }, 'Dashed: from here on, batch norm is frozen. Small subnets learn from the largest.'),
  );
}

function drawTasks() {
  if (data.tasks.length === 0) return;
  const table = element('table');
  const head = ['Task', 'Classes', ...subnets].map((name) => element('th', { scope: 'col' }, name));
  table.append(element('thead', {}, element('tr', {}, ...head)));
  const rows = data.tasks.map(({ task, classes, accuracy }) =>
    element(
      'tr',
      {},
      element('td', {}, task),
      element('td', {}, String(classes)),
      ...subnets.map((name) => element('td', {}, accuracy[name] === null ? '—' : percent(accuracy[name]))),
    ),
  );
  table.append(element('tbody', {}, ...rows));
  root.append(
    element('h2', {}, 'Accuracy per task'),
    element('p', { className: 'muted' }, `Each on its own images, told apart from each other; at step ${data.evaluatedAt}.`),
    element('div', { className: 'scroll' }, table),
  );
}

function drawMatrices() {
  if (data.confusion.length === 0) return;
  const list = element('div', { className: 'matrices scroll' });
  for (const { task, classes, counts } of data.confusion) list.append(matrix(task ?? 'all classes', classes, counts));
  root.append(
    element('h2', {}, 'What the largest subnet takes for what'),
    element('p', { className: 'muted' }, `Rows: what an image shows; columns: what it was taken for; at step ${data.evaluatedAt}.`),
    list,
  );
}

function matrix(title, classes, counts) {
  const dense = classes.length > 20;
  const table = element('table', { className: dense ? 'matrix dense' : 'matrix' }, element('caption', {}, title));
  const columns = classes.map((name) => element('th', { scope: 'col' }, element('span', {}, name)));
  table.append(element('tr', {}, element('td'), ...columns));
  classes.forEach((name, row) => {
    const total = counts[row].reduce((sum, count) => sum + count, 0);
    const cells = counts[row].map((count, column) => {
      const cell = element('td', { title: `${name} taken for ${classes[column]}: ${count} of ${total}` }, String(count || ''));
      const share = total === 0 ? 0 : count / total;
      if (count > 0) cell.style.background = `rgba(${row === column ? 'var(--right)' : 'var(--wrong)'}, ${0.1 + 0.75 * share})`;
      return cell;
    });
    table.append(element('tr', {}, element('th', { scope: 'row' }, name), ...cells));
  });
  return table;
}

function drawSamples() {
  const list = element('div', { className: 'samples' });
  for (const { className, images, source } of data.samples) {
    const caption = element('figcaption', {}, `${className} · ${images} images`);
    list.append(element('figure', {}, caption, element('img', { src: source, alt: `images of ${className}` })));
  }
  root.append(element('h2', {}, 'Training images per class'), list);
}

function draw() {
  root.replaceChildren();
  drawFacts();
  drawCharts();
  drawTasks();
  drawMatrices();
  drawSamples();
}

draw();
darkness.addEventListener('change', draw);
