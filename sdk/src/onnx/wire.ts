/**
 * The wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding), as far as ONNX uses it. Own
 * code, since the libraries for it weigh more than all else that the SDK brings to a browser.
 */
export const wireTypes = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

/** Reads the fields of one message; never beyond its end. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#position >= this.#end;
  }

  /** int32, int64, uint32 and enum values, to the precision of a JavaScript number. */
  varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 49; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    // Large or negative: the two's complement of 64 bits.
    let wide = BigInt(value);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      wide |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, wide));
    }
    throw new RangeError('a number has more than 64 bits');
  }

  float(): number {
    return this.#view.getFloat32(this.#take(4), true);
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const length = this.varint();
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  string(): string {
    return new TextDecoder().decode(this.bytes());
  }

  /** A message inside this one. */
  message(): WireReader {
    const length = this.varint();
    const start = this.#take(length);
    return new WireReader(this.#bytes, start, start + length);
  }

  skip(wireType: number): void {
    switch (wireType) {
      case wireTypes.varint:
        this.varint();
        break;
      case wireTypes.fixed64:
        this.#take(8);
        break;
      case wireTypes.delimited:
        this.bytes();
        break;
      case wireTypes.fixed32:
        this.#take(4);
        break;
      default:
        throw new RangeError(`unknown wire type ${wireType}`);
    }
  }

  #byte(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  /** Moves on by a count of bytes and answers where they start. */
  #take(count: number): number {
    const start = this.#position;
    if (!(count >= 0 && count <= this.#end - start))
      throw new RangeError('a field ends beyond the message that holds it');
    this.#position += count;
    return start;
  }
}

/** Collects the fields of one message. Long byte strings are copied only once, by `finish`. */
export class WireWriter {
  readonly #parts: Uint8Array[] = [];
  #pending: number[] = [];
  #length = 0;

  varint(field: number, value: number): void {
    this.#tag(field, wireTypes.varint);
    this.#varint(value);
  }

  float(field: number, value: number): void {
    this.#tag(field, wireTypes.fixed32);
    this.#pending.push(...new Uint8Array(Float32Array.of(value).buffer));
  }

  string(field: number, value: string): void {
    this.#tag(field, wireTypes.delimited);
    const bytes = new TextEncoder().encode(value);
    this.#varint(bytes.length);
    this.#pending.push(...bytes);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, wireTypes.delimited);
    this.#varint(value.length);
    this.#flush();
    this.#parts.push(value);
    this.#length += value.length;
  }

  message(field: number, write: (writer: WireWriter) => void): void {
    const inner = new WireWriter();
    write(inner);
    inner.#flush();
    this.#tag(field, wireTypes.delimited);
    this.#varint(inner.#length);
    this.#flush();
    for (const part of inner.#parts) this.#parts.push(part);
    this.#length += inner.#length;
  }

  finish(): Uint8Array<ArrayBuffer> {
    this.#flush();
    const bytes = new Uint8Array(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return bytes;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    if (value < 0) {
      let wide = BigInt.asUintN(64, BigInt(value));
      for (; wide > 127n; wide >>= 7n) this.#pending.push(Number(wide & 127n) | 128);
      this.#pending.push(Number(wide));
      return;
    }
    for (; value > 127; value = Math.floor(value / 128)) this.#pending.push((value % 128) | 128);
    this.#pending.push(value);
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    this.#parts.push(Uint8Array.from(this.#pending));
    this.#length += this.#pending.length;
    this.#pending = [];
  }
}
