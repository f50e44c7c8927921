import { expect } from 'chai';

/** As it would come out of a page. */
export function json(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/** Equal, but for the last digits of numbers, which differ between builds of ONNX Runtime and between processors. */
export function expectAlike(found: unknown, expected: unknown, where: string): void {
  if (typeof found === 'number' && typeof expected === 'number') {
    expect(found, where).to.be.closeTo(expected, 1e-4 * Math.max(1, Math.abs(expected)));
  } else if (found !== null && expected !== null && typeof found === 'object' && typeof expected === 'object') {
    expect(Object.keys(found), where).to.deep.equal(Object.keys(expected));
    for (const [key, value] of Object.entries(found)) {
      expectAlike(value, (expected as Record<string, unknown>)[key], `${where}, ${key}`);
    }
  } else {
    expect(found, where).to.equal(expected);
  }
}
