/** Notes in the browser's Cache Storage, which workers have too. */
const cacheName = 'easel-notes-v1';
const address = (name: string) => `https://easel.invalid/${encodeURIComponent(name)}`;

export async function readNote(name: string): Promise<string | undefined> {
  try {
    const cache = await globalThis.caches?.open(cacheName);
    return await (await cache?.match(address(name)))?.text();
  } catch {
    return undefined;
  }
}

export async function writeNote(name: string, text: string): Promise<void> {
  try {
    await (await globalThis.caches?.open(cacheName))?.put(address(name), new Response(text));
  } catch {
    // No place, or not allowed: it will be found out again next time.
  }
}
