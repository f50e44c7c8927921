/** Patterns of IEEE 754 binary16 as numbers; each is exactly a float32. */
export function fromFloat16(patterns: Uint16Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(patterns.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < patterns.length; i++) {
    const pattern = patterns[i] as number;
    bits[i] = ((pattern & 0x8000) << 16) | ((pattern & 0x7fff) << 13);
    // From bias 15 to bias 127, subnormals included; the largest exponent means infinity and NaN.
    const value = (values[i] as number) * 2 ** 112;
    values[i] = (pattern & 0x7c00) < 0x7c00 ? value : pattern & 0x3ff ? Number.NaN : value / 0;
  }
  return values;
}
