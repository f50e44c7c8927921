import type { Infer, ObjectSchema, RecordSchema, Schema } from './schema.js';

/** The document as its schema describes it; undefined if it does not fit. `parse` says where. */
export function conform<const S extends Schema>(schema: S, document: unknown): Infer<S> | undefined {
  return conforming(schema, document) as Infer<S> | undefined;
}

export function conforming(schema: Schema, value: unknown): unknown {
  if ('const' in schema) return value === schema.const ? value : undefined;
  if ('enum' in schema) return schema.enum.includes(value as string) ? value : undefined;
  switch (schema.type) {
    case undefined:
      return value;
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'string': {
      const { minLength = 0, pattern = '' } = schema;
      const fits = typeof value === 'string' && value.length >= minLength && new RegExp(pattern, 'u').test(value);
      return fits ? value : undefined;
    }
    case 'array': {
      const { items, minItems = 0, maxItems = Infinity, uniqueItems } = schema;
      if (!Array.isArray(value) || value.length < minItems || value.length > maxItems) return undefined;
      if (uniqueItems && new Set(value).size < value.length) return undefined;
      const list = value.map((item) => conforming(items, item));
      return list.includes(undefined) ? undefined : list;
    }
    case 'object':
      return isRecord(value) ? conformingObject(schema, value) : undefined;
    default: {
      const { type, minimum = -Infinity, exclusiveMinimum = -Infinity, maximum = Infinity } = schema;
      const isNumber = type === 'number' ? Number.isFinite(value) : Number.isInteger(value);
      const number = value as number;
      return isNumber && number >= minimum && number > exclusiveMinimum && number <= maximum ? value : undefined;
    }
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function conformingObject(schema: ObjectSchema | RecordSchema, given: Record<string, unknown>): unknown {
  const copy: Record<string, unknown> = {};
  const properties = 'properties' in schema ? schema.properties : undefined;
  for (const key of Object.keys(properties ?? given)) {
    const own = Object.hasOwn(given, key) ? given[key] : undefined;
    if ('required' in schema) {
      if (own === undefined && !schema.required.includes(key)) continue;
    } else if (schema.propertyNames && conforming(schema.propertyNames, key) === undefined) return undefined;
    const part = conforming((properties?.[key] ?? schema.additionalProperties) as Schema, own);
    if (part === undefined) return undefined;
    copy[key] = part;
  }
  const isStrange = (key: string) => properties && !Object.hasOwn(properties, key);
  return schema.additionalProperties === false && Object.keys(given).some(isStrange) ? undefined : copy;
}
