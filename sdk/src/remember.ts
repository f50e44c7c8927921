/** Answers that are remembered of each kind: an application that asks for ever new ones must not grow for ever. */
const most = 64;

/** Adds an answer, in place of the one that was added first if there are too many. */
export function remember<T>(answers: Map<string, T>, key: string, answer: T): void {
  if (answers.size >= most) answers.delete(answers.keys().next().value as string);
  answers.set(key, answer);
}
