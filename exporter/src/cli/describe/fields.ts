/** "name    value" lines, the values below each other. */
export function formatFields(title: string, fields: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  return [title, ...fields.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join('\n');
}

/** "digits (10), vowels (5)" */
export function formatTasks(tasks: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(tasks)
    .map(([task, classes]) => `${task} (${classes.length})`)
    .join(', ');
}
