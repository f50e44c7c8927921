import { object, parse, type Schema, SchemaProblem, strictObject } from '@easel/sdk/schema';
import { expect } from 'chai';

const colour = { type: 'string', pattern: '^#[0-9a-f]{6}$', expected: 'like #0080ff' } as const;
const pen = strictObject(
  {
    kind: { const: 'pen' },
    tip: { enum: ['fine', 'broad'] },
    width: { type: 'number', exclusiveMinimum: 0, maximum: 3 },
    strokes: { type: 'integer', minimum: 1 },
    colours: { type: 'array', items: colour, minItems: 1, uniqueItems: true },
    cap: { type: 'boolean' },
  },
  ['cap'],
);
const good = { kind: 'pen', tip: 'fine', width: 0.5, strokes: 2, colours: ['#000000'] };

describe('parse', () => {
  it('answers a copy of a document that fits', () => {
    const parsed = parse(pen, good);
    expect(parsed).to.deep.equal(good);
    expect(parsed).not.to.equal(good);
    expect(parse(pen, { ...good, cap: true }).cap).to.equal(true);
  });

  const problems: [string, unknown, string][] = [
    ['a missing field', { ...good, tip: undefined }, 'tip: must be one of fine, broad, it is missing'],
    ['another constant', { ...good, kind: 'ink' }, 'kind: must be "pen", got "ink"'],
    ['a number beyond its limits', { ...good, width: 4 }, 'width: must be a number > 0 and <= 3, got 4'],
    ['the limit itself, where it is left out', { ...good, width: 0 }, 'width: must be a number > 0 and <= 3, got 0'],
    ['NaN', { ...good, width: Number.NaN }, 'width: must be a number > 0 and <= 3, got null'],
    ['a fraction', { ...good, strokes: 1.5 }, 'strokes: must be an integer >= 1, got 1.5'],
    ['no list', { ...good, colours: '#000000' }, 'colours: must be a list, got "#000000"'],
    ['an empty list', { ...good, colours: [] }, 'colours: must have at least 1 entry, got []'],
    ['an entry twice', { ...good, colours: ['#000000', '#000000'] }, 'colours: must not repeat'],
    ['a text of another form', { ...good, colours: ['red'] }, 'colours.0: must be like #0080ff, got "red"'],
    ['an unknown field', { ...good, color: 1 }, 'color: unknown field'],
    ['a list for an object', [], 'document: must be an object, got []'],
    ['null', null, 'document: must be an object, got null'],
  ];
  for (const [what, document, message] of problems) {
    it(`refuses ${what}`, () => {
      expect(() => parse(pen, document)).to.throw(SchemaProblem, message);
    });
  }

  it('leaves out what it does not know, where that is allowed, and never takes what is inherited', () => {
    const schema = object({ a: { type: 'integer' }, constructor: {} }, ['constructor']);
    expect(parse(schema, { a: 1, b: 2 })).to.deep.equal({ a: 1 });
  });

  it('checks the names and the values of records', () => {
    const schema = { type: 'object', propertyNames: colour, additionalProperties: { type: 'integer' } } as const;
    expect(parse(schema, { '#ffffff': 3 })).to.deep.equal({ '#ffffff': 3 });
    expect(() => parse(schema, { red: 3 })).to.throw(SchemaProblem, 'red: must be like #0080ff');
    expect(() => parse(schema, { '#ffffff': 'x' })).to.throw(SchemaProblem, '#ffffff: must be an integer, got "x"');
  });

  it('takes anything where the schema says nothing', () => {
    const anything: Schema = {};
    for (const value of [null, 1]) expect(parse(anything, value)).to.equal(value);
    expect(() => parse(anything, undefined)).to.throw(SchemaProblem, 'document: must be there');
  });
});
