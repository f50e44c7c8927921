/**
 * Runs a job that Ctrl-C (or SIGTERM) stops in an orderly way, through an AbortSignal. A second Ctrl-C stops the process
 * at once.
 * @param farewell what to say at the first one
 */
export async function interruptible<T>(farewell: string, job: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals) => {
    const code = signal === 'SIGINT' ? 130 : 143;
    if (controller.signal.aborted) process.exit(code);
    process.exitCode = code;
    process.stderr.write(`\n${farewell} (once more: stop at once)\n`);
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await job(controller.signal);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
