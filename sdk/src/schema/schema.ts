/**
 * The forms of documents as data: the part of JSON Schema (https://json-schema.org, 2020-12) that Easel needs, with
 * TypeScript's types derived from it. Own code, since libraries for it weigh a tenth of all that a browser may load.
 */
export type Schema =
  | { readonly const: string | number }
  | { readonly enum: readonly (string | number)[] }
  | { readonly type: 'boolean' }
  | TextSchema
  | {
      readonly type: 'number' | 'integer';
      readonly minimum?: number;
      readonly exclusiveMinimum?: number;
      readonly maximum?: number;
    }
  | {
      readonly type: 'array';
      readonly items: Schema;
      readonly minItems?: number;
      readonly maxItems?: number;
      readonly uniqueItems?: boolean;
    }
  | ObjectSchema
  | RecordSchema
  | Record<string, never>;

/** Fields that are not listed are errors if `additionalProperties` is false, otherwise left out. */
export interface ObjectSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
  readonly additionalProperties?: false;
}

export interface RecordSchema {
  readonly type: 'object';
  readonly propertyNames?: TextSchema;
  readonly additionalProperties: Schema;
}

export interface TextSchema {
  readonly type: 'string';
  readonly minLength?: number;
  readonly pattern?: string;
  /** For error messages: "must be ...", or a key of `phrases`, which pages load with the messages. */
  readonly expected?: string;
}

/** How many there are, or how large it is. */
export const count = { type: 'integer', minimum: 1 } as const;
export const text = { type: 'string', minLength: 1, expected: 'text' } as const;
export const time = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d([.]\\d+)?)?(Z|[+\\-]\\d\\d(:?\\d\\d)?)$',
  expected: 'time',
} as const;

/** The type of the documents that a schema describes. */
export type Infer<S> = S extends { readonly const: infer Value }
  ? Value
  : S extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : S extends { readonly type: 'boolean' }
      ? boolean
      : S extends { readonly type: 'string' }
        ? string
        : S extends { readonly type: 'number' | 'integer' }
          ? number
          : S extends { readonly type: 'array'; readonly items: infer Items }
            ? S extends { readonly maxItems: 3 }
              ? [Infer<Items>, Infer<Items>, Infer<Items>]
              : Infer<Items>[]
            : S extends { readonly properties: infer P; readonly required: readonly (infer Required)[] }
              ? { [Key in keyof P as Key extends Required ? Key : never]: Infer<P[Key]> } & {
                  [Key in keyof P as Key extends Required ? never : Key]?: Infer<P[Key]> | undefined;
                }
              : S extends { readonly type: 'object'; readonly additionalProperties: infer Value }
                ? Record<string, Infer<Value>>
                : unknown;

/** An object whose fields are all needed but for the optional ones; others are left out. */
export function object<
  const P extends Readonly<Record<string, Schema>>,
  const Optional extends keyof P & string = never,
>(properties: P, optional: readonly Optional[] = []) {
  const required = Object.keys(properties).filter((key) => !(optional as readonly string[]).includes(key));
  return { type: 'object', properties, required: required as Exclude<keyof P & string, Optional>[] } as const;
}

/** The same, but other fields are errors. */
export function strictObject<
  const P extends Readonly<Record<string, Schema>>,
  const Optional extends keyof P & string = never,
>(properties: P, optional: readonly Optional[] = []) {
  return { ...object(properties, optional), additionalProperties: false } as const;
}
