import { emitKeypressEvents } from 'node:readline';
import { styleText } from 'node:util';
import { draw } from './view.js';

const alternate = '\u001b[?1049h\u001b[?25l';
const original = '\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const restOfLine = '\u001b[K';
const restOfScreen = '\u001b[J';
const everyMs = 100;

/** Draws a state ten times a second over the whole terminal, and calls what keys stand for, until q or Ctrl-C. */
export class Screen {
  #state;
  #keys;
  #notice = '';

  constructor(state, keys) {
    this.#state = state;
    this.#keys = keys;
  }

  /** A line that stays until the next key. */
  say(notice) {
    this.#notice = notice;
  }

  async untilQuit() {
    const { stdin, stdout } = process;
    stdout.write(alternate);
    emitKeypressEvents(stdin);
    stdin.setRawMode?.(true);
    const drawing = setInterval(() => this.#draw(stdout), everyMs);
    try {
      await new Promise((resolve) => {
        process.once('SIGTERM', resolve);
        stdin.on('keypress', (_, key) => {
          if (key.name === 'q' || (key.ctrl && key.name === 'c')) return resolve();
          this.#notice = '';
          this.#keys[key.name]?.();
        });
      });
    } finally {
      clearInterval(drawing);
      stdin.setRawMode?.(false);
      stdin.pause();
      stdout.write(original);
    }
  }

  #draw(stdout) {
    const { columns = 80, rows = 24 } = stdout;
    const style = (format, text) => styleText(format, text, { stream: stdout, validateStream: true });
    const lines = draw({ ...this.#state(), notice: this.#notice }, { columns, rows, style });
    stdout.write(home + lines.map((line) => line + restOfLine).join('\n') + restOfScreen);
  }
}
