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
  /** Fields that are not listed are errors if `additionalProperties` is false, otherwise left out. */
  | {
      readonly type: 'object';
      readonly properties: Readonly<Record<string, Schema>>;
      readonly required: readonly string[];
      readonly additionalProperties?: false;
    }
  /** A record. */
  | { readonly type: 'object'; readonly propertyNames?: TextSchema; readonly additionalProperties: Schema }
  | Record<string, never>;

export interface TextSchema {
  readonly type: 'string';
  readonly minLength?: number;
  readonly pattern?: string;
  /** For error messages: "must be ...". */
  readonly expected?: string;
}

export const text = { type: 'string', minLength: 1, expected: 'a text of at least one letter' } as const;
export const time = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d([.]\\d+)?)?(Z|[+\\-]\\d\\d(:?\\d\\d)?)$',
  expected: 'a time in ISO 8601 with its zone',
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

/** Where a document is not what its schema says. */
export class SchemaProblem extends Error {}

/**
 * The document as its schema describes it.
 * @throws SchemaProblem with the path of the field, such as "units.0.stride: must be one of 1, 2, got 3"
 */
export function parse<const S extends Schema>(schema: S, document: unknown): Infer<S> {
  return parsed(schema, document, '') as Infer<S>;
}

function parsed(schema: Schema, value: unknown, path: string): unknown {
  const demand = (fits: boolean, expected: string): void => {
    if (fits) return;
    const found = value === undefined ? 'it is missing' : `got ${JSON.stringify(value)?.slice(0, 80)}`;
    throw new SchemaProblem(`${path || 'document'}: must ${expected}, ${found}`);
  };
  const inside = (key: string | number) => (path ? `${path}.${key}` : String(key));
  if ('const' in schema) demand(value === schema.const, `be ${JSON.stringify(schema.const)}`);
  else if ('enum' in schema) demand(schema.enum.includes(value as string), `be one of ${schema.enum.join(', ')}`);
  else if (schema.type === 'boolean') demand(typeof value === 'boolean', 'be true or false');
  else if (schema.type === 'string') demand(matches(schema, value), `be ${schema.expected ?? 'a text'}`);
  else if (schema.type === 'array') {
    const { items, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
    demand(Array.isArray(value), 'be a list');
    const list = value as unknown[];
    demand(list.length >= minItems && list.length <= maxItems, `have ${lengths(minItems, maxItems)}`);
    if (schema.uniqueItems) demand(new Set(list).size === list.length, 'not repeat');
    return list.map((item, i) => parsed(items, item, inside(i)));
  } else if (schema.type === 'object') {
    demand(value !== null && typeof value === 'object' && !Array.isArray(value), 'be an object');
    const given = value as Record<string, unknown>;
    const copy: Record<string, unknown> = {};
    if ('properties' in schema) {
      for (const [key, property] of Object.entries(schema.properties)) {
        const own = Object.hasOwn(given, key) ? given[key] : undefined;
        if (own !== undefined || schema.required.includes(key)) copy[key] = parsed(property, own, inside(key));
      }
      if (schema.additionalProperties === false) {
        const stranger = Object.keys(given).find((key) => !Object.hasOwn(schema.properties, key));
        if (stranger !== undefined) throw new SchemaProblem(`${inside(stranger)}: unknown field`);
      }
    } else {
      const { propertyNames, additionalProperties } = schema;
      for (const [key, own] of Object.entries(given)) {
        if (propertyNames) parsed(propertyNames, key, inside(key));
        copy[key] = parsed(additionalProperties, own, inside(key));
      }
    }
    return copy;
  } else if (schema.type) {
    const { type, minimum = -Infinity, exclusiveMinimum = -Infinity, maximum = Infinity } = schema;
    demand(
      Number.isFinite(value) &&
        (type === 'number' || Number.isInteger(value)) &&
        (value as number) >= minimum &&
        (value as number) > exclusiveMinimum &&
        (value as number) <= maximum,
      `be ${type === 'number' ? 'a number' : 'an integer'}${bounds(minimum, exclusiveMinimum, maximum)}`,
    );
  }
  return value;
}

function matches({ minLength = 0, pattern = '' }: TextSchema, value: unknown): boolean {
  return typeof value === 'string' && value.length >= minLength && new RegExp(pattern, 'u').test(value);
}

function lengths(least: number, most: number): string {
  return least === most ? `${least} entries` : `at least ${least} ${least === 1 ? 'entry' : 'entries'}`;
}

function bounds(minimum: number, exclusiveMinimum: number, maximum: number): string {
  const limits = [
    minimum > -Infinity ? ` >= ${minimum}` : '',
    exclusiveMinimum > -Infinity ? ` > ${exclusiveMinimum}` : '',
    maximum < Infinity ? ` <= ${maximum}` : '',
  ];
  return limits.filter(Boolean).join(' and');
}
