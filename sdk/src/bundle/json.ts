/** Where it is not JSON, or not even UTF-8: undefined, which no schema takes, unless `refuse` throws. */
export function jsonIn(bytes: Uint8Array, refuse?: (cause: unknown) => never): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    return refuse?.(cause);
  }
}
