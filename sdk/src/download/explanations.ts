/** What an answer that is not the file says, and what to change. */
export function whyRefused({ ok, status, statusText, body }: Response): string {
  if (!ok || !body) {
    const advice = status === 404 ? '; check the address, and that the file was uploaded' : '';
    return `the server answers ${`${status} ${statusText}`.trim()}${advice}`;
  }
  const habit = 'as development servers do for files that they do not have; check the address';
  return `the server answers with a web page instead of the file, ${habit}`;
}

/** `fetch` tells scripts nothing but that it failed. */
export async function whyUnreachable(url: URL): Promise<string> {
  const origin = (globalThis as { location?: { origin: string } }).location?.origin;
  if (origin === undefined || origin === url.origin) {
    return 'cannot be reached; check the address and the network';
  }
  const cors = `send the header Access-Control-Allow-Origin: ${origin} from there`;
  // A request whose answer stays hidden from the page goes through where only the header is missing.
  const isThere = await fetch(url, { mode: 'no-cors' }).then(
    () => true,
    () => false,
  );
  return isThere
    ? `its server does not allow this page to read it (CORS); ${cors}, or serve it from the page's own origin`
    : `cannot be reached; check the address, the network, and the page's Content-Security-Policy (connect-src); ` +
        `if the server is up, ${cors}`;
}
