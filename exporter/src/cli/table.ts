export interface Column<Row> {
  readonly title: string;
  /** Numbers to the right. Default: left. */
  readonly align?: 'left' | 'right';
  readonly text: (row: Row) => string;
}

/** Rows under their titles, in columns as wide as needed, two spaces apart. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ text }) => text(row)))];
  const widths = columns.map((_, c) => Math.max(...cells.map((line) => (line[c] as string).length)));
  const rule = widths.map((width) => '-'.repeat(width));
  const [titles, ...body] = cells as [string[], ...string[][]];
  return [titles, rule, ...body]
    .map((line) =>
      line
        .map((cell, c) =>
          columns[c]?.align === 'right' ? cell.padStart(widths[c] as number) : cell.padEnd(widths[c] as number),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export const percent = (share: number, digits = 1) => `${(100 * share).toFixed(digits)} %`;
export const milliseconds = (ms: number) => `${ms.toFixed(ms < 10 ? 3 : 1)} ms`;

/** 5848832 as "5.85 M", in steps of a thousand. */
export function shortCount(count: number): string {
  if (count < 1000) return String(count);
  const [divisor, unit] = count < 1e6 ? [1e3, 'k'] : count < 1e9 ? [1e6, 'M'] : [1e9, 'G'];
  const value = count / divisor;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
}
