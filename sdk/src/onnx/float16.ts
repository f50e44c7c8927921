/** IEEE 754 binary16, as ONNX stores it: the bit patterns in a Uint16Array. */

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

/** Rounds to nearest, ties to even; beyond 65504 becomes infinity. */
export function float16Bits(value: number): number {
  floatView[0] = value;
  const bits = bitsView[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa ? 0x200 : 0);
  // From bias 127 to bias 15.
  const target = exponent - 112;
  if (target >= 0x1f) return sign | 0x7c00;
  if (target > 0) return sign + roundedShift((target << 23) | mantissa, 13);
  // Subnormal: the hidden one becomes visible and moves right; 25 places and more leave nothing.
  const shift = 14 - target;
  return shift > 24 ? sign : sign + roundedShift(mantissa | 0x800000, shift);
}

/** A carry out of the mantissa rightly runs into the exponent, up to infinity. */
function roundedShift(value: number, shift: number): number {
  const half = 1 << (shift - 1);
  const rest = value & ((1 << shift) - 1);
  const shifted = value >>> shift;
  return rest > half || (rest === half && shifted & 1) ? shifted + 1 : shifted;
}

export function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 0x1f) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

export function toFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(values, float16Bits);
}
