/** Answers that are worked out once, and again after a failure; what was asked for longest ago goes if there are too many. */
export class Memo<T> {
  readonly #answers = new Map<string, Promise<T>>();

  /** @param most answers that are kept */
  constructor(readonly most: number) {}

  get(key: string, workOut: () => Promise<T>): Promise<T> {
    const answers = this.#answers;
    const answer =
      answers.get(key) ??
      workOut().catch((error) => {
        answers.delete(key);
        throw error;
      });
    // Last in order: the first one is what was asked for longest ago.
    answers.delete(key);
    answers.set(key, answer);
    if (answers.size > this.most) answers.delete(answers.keys().next().value as string);
    return answer;
  }
}
