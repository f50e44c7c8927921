/**
 * The wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding), as far as ONNX uses it. Own
 * code, since the libraries for it weigh more than all else that the SDK brings to a browser.
 */
const wireTypes = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

/** A float32 field, which JavaScript's numbers do not tell from an integer. */
export class Float32 {
  constructor(readonly value: number) {}
}

/** float32 numbers as raw bytes, written right where they will lie: nothing holds them a second time. */
export class Float32s {
  /** @param padding a text field of the same message that means nothing: it may be filled, so that numbers are aligned */
  constructor(
    readonly count: number,
    readonly write: (target: Float32Array) => void,
    readonly padding: number,
  ) {}
}

/** A message to be written: fields by number, in order; a value that is a list is a message inside it. */
export type Message = readonly (readonly [
  field: number,
  value: number | string | Uint8Array | Float32 | Float32s | Message,
])[];

/**
 * @param capacity about how many bytes will come out; any number is right
 * @param memory where to write if that many fit: fresh memory costs more than what is done with it
 * @returns possibly a part of a larger buffer
 */
export function encodeMessage(message: Message, capacity = 1024, memory?: ArrayBuffer): Uint8Array<ArrayBuffer> {
  // Written from the end, so that a message's length is known when its turn comes.
  // In whole floats, always: where padding is needed, and so the length, must not depend on the memory.
  let buffer =
    memory && memory.byteLength >= capacity
      ? new Uint8Array(memory, 0, memory.byteLength & ~3)
      : new Uint8Array((capacity + 3) & ~3);
  let at = buffer.length;
  const reserve = (count: number): void => {
    if (at >= count) return;
    const grown = new Uint8Array((2 * buffer.length + count + 3) & ~3);
    at += grown.length - buffer.length;
    grown.set(buffer, grown.length - buffer.length);
    buffer = grown;
  };
  const putBytes = (bytes: Uint8Array): void => {
    reserve(bytes.length);
    at -= bytes.length;
    buffer.set(bytes, at);
  };
  const putVarint = (value: number): void => {
    if (value >= 0 && value < 128) {
      reserve(1);
      buffer[--at] = value;
      return;
    }
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    bytes.push(Number(rest));
    putBytes(Uint8Array.from(bytes));
  };
  const putString = (text: string): void => {
    reserve(text.length);
    for (let i = text.length - 1; i >= 0; i--) {
      const code = text.charCodeAt(i);
      if (code > 127) {
        at += text.length - 1 - i;
        putBytes(new TextEncoder().encode(text));
        return;
      }
      buffer[--at] = code;
    }
  };
  const put = (fields: Message): void => {
    for (let i = fields.length - 1; i >= 0; i--) {
      const [field, value] = fields[i] as Message[number];
      let wireType: number = wireTypes.delimited;
      if (value instanceof Float32s) {
        // Float32Array wants an address that is a multiple of 4; a field takes at least two bytes.
        reserve(4 * value.count + 5);
        const excess = at % 4;
        if (excess > 0) put([[value.padding, ' '.repeat(excess === 1 ? 3 : excess - 2)]]);
      }
      const end = buffer.length - at;
      if (typeof value === 'number') {
        wireType = wireTypes.varint;
        putVarint(value);
      } else if (value instanceof Float32) {
        wireType = wireTypes.fixed32;
        putBytes(new Uint8Array(Float32Array.of(value.value).buffer));
      } else {
        if (typeof value === 'string') putString(value);
        else if (value instanceof Uint8Array) putBytes(value);
        else if (value instanceof Float32s) {
          at -= 4 * value.count;
          value.write(new Float32Array(buffer.buffer, at, value.count));
        } else put(value);
        putVarint(buffer.length - at - end);
      }
      putVarint(field * 8 + wireType);
    }
  };
  put(message);
  // Copying megabytes costs more than a little room that stays unused.
  return buffer.buffer === memory || at < buffer.length / 8 ? buffer.subarray(at) : buffer.slice(at);
}

/** A message that was read: the values of every field in their order. */
export class Fields {
  readonly #values = new Map<number, (number | Uint8Array)[]>();

  /** @throws RangeError if a field ends beyond the message */
  constructor(bytes: Uint8Array) {
    for (let at = 0; at < bytes.length; ) {
      const tag = readVarint(bytes, at);
      at = tag.end;
      const field = Math.floor(tag.value / 8);
      const values = this.#values.get(field) ?? [];
      this.#values.set(field, values);
      const wireType = tag.value % 8;
      if (wireType === wireTypes.varint) {
        const { value, end } = readVarint(bytes, at);
        values.push(value);
        at = end;
        continue;
      }
      let length = wireType === wireTypes.fixed32 ? 4 : 8;
      if (wireType === wireTypes.delimited) ({ value: length, end: at } = readVarint(bytes, at));
      else if (wireType !== wireTypes.fixed32 && wireType !== wireTypes.fixed64) {
        throw malformed();
      }
      if (!(length >= 0 && length <= bytes.length - at)) {
        throw malformed();
      }
      values.push(bytes.subarray(at, at + length));
      at += length;
    }
  }

  has(field: number): boolean {
    return this.#values.has(field);
  }

  /** Views, not copies. */
  bytes(field: number): Uint8Array[] {
    return (this.#values.get(field) ?? []).map((value) => {
      if (typeof value === 'number') throw malformed();
      return value;
    });
  }

  messages(field: number): Fields[] {
    return this.bytes(field).map((bytes) => new Fields(bytes));
  }

  strings(field: number): string[] {
    return this.bytes(field).map((bytes) => new TextDecoder().decode(bytes));
  }

  /** The last one counts; '' without any. */
  string(field: number): string {
    return this.strings(field).at(-1) ?? '';
  }

  /** One per field, or packed into one delimited field. */
  integers(field: number): number[] {
    return (this.#values.get(field) ?? []).flatMap((value) => {
      if (typeof value === 'number') return [value];
      const numbers: number[] = [];
      for (let at = 0; at < value.length; ) {
        const next = readVarint(value, at);
        numbers.push(next.value);
        at = next.end;
      }
      return numbers;
    });
  }

  integer(field: number): number {
    return this.integers(field).at(-1) ?? 0;
  }
}

/** int32, int64, uint32 and enum values, to the precision of a JavaScript number. */
function readVarint(bytes: Uint8Array, at: number): { value: number; end: number } {
  let bits = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) break;
    bits |= BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) return { value: Number(BigInt.asIntN(64, bits)), end: at + i + 1 };
  }
  throw malformed();
}

function malformed(): RangeError {
  return new RangeError('malformed');
}
