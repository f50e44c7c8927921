import { conforming, isRecord } from './conform.js';
import type { Infer, Schema } from './schema.js';

/** Where a document is not what its schema says. */
export class SchemaProblem extends Error {}

/**
 * The document as its schema describes it.
 * @throws SchemaProblem with the path of the field, such as "units.0.stride: must be one of 1, 2, got 3"
 */
export function parse<const S extends Schema>(schema: S, document: unknown): Infer<S> {
  const found: unknown = conforming(schema, document);
  if (found === undefined) throw new SchemaProblem(problemIn(schema, document, ''));
  return found as Infer<S>;
}

/** What forms of texts are called in messages. */
const phrases: Readonly<Record<string, string>> = {
  text: 'a text of at least one letter',
  time: 'a time in ISO 8601 with its zone',
  path: 'a path inside the bundle: letters, digits, dots, dashes, slashes',
  sha256: '64 hexadecimal digits',
  fingerprint: '16 hexadecimal digits',
  space: 'lower-case letters, digits and dashes',
  profile: 'lower-case letters, digits, dashes and dots',
  option: 'like 3x2',
};

/** The first place that does not fit, of a value that does not. */
function problemIn(schema: Schema, value: unknown, path: string): string {
  const must = (expected: string): string => {
    const found = value === undefined ? 'it is missing' : `got ${JSON.stringify(value)?.slice(0, 80)}`;
    return `${path || 'document'}: must ${expected}, ${found}`;
  };
  const inside = (key: string | number) => (path ? `${path}.${key}` : String(key));
  if ('const' in schema) return must(`be ${JSON.stringify(schema.const)}`);
  if ('enum' in schema) return must(`be one of ${schema.enum.join(', ')}`);
  switch (schema.type) {
    case undefined:
      return must('be there');
    case 'boolean':
      return must('be true or false');
    case 'string':
      return must(`be ${phrases[schema.expected ?? ''] ?? schema.expected ?? 'a text'}`);
    case 'array': {
      const { items, minItems = 0, maxItems = Infinity, uniqueItems } = schema;
      if (!Array.isArray(value)) return must('be a list');
      if (value.length < minItems || value.length > maxItems) return must(`have ${lengths(minItems, maxItems)}`);
      if (uniqueItems && new Set(value).size < value.length) return must('not repeat');
      const wrong = value.findIndex((item) => conforming(items, item) === undefined);
      return problemIn(items, value[wrong], inside(wrong));
    }
    case 'object': {
      if (!isRecord(value)) return must('be an object');
      const own = (key: string) => (Object.hasOwn(value, key) ? value[key] : undefined);
      if ('properties' in schema) {
        const { properties, required } = schema;
        for (const [key, property] of Object.entries(properties)) {
          const needed = own(key) !== undefined || required.includes(key);
          if (needed && conforming(property, own(key)) === undefined) return problemIn(property, own(key), inside(key));
        }
        const stranger = Object.keys(value).find((key) => !Object.hasOwn(properties, key));
        return `${inside(stranger as string)}: unknown field`;
      }
      const { propertyNames = {}, additionalProperties } = schema;
      for (const [key, part] of Object.entries(value)) {
        if (conforming(propertyNames, key) === undefined) return problemIn(propertyNames, key, inside(key));
        if (conforming(additionalProperties, part) === undefined) {
          return problemIn(additionalProperties, part, inside(key));
        }
      }
      return must('be another');
    }
    default: {
      const { type, minimum = -Infinity, exclusiveMinimum = -Infinity, maximum = Infinity } = schema;
      return must(`be ${type === 'number' ? 'a number' : 'an integer'}${bounds(minimum, exclusiveMinimum, maximum)}`);
    }
  }
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
