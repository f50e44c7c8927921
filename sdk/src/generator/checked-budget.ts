import { InvalidRequestError } from '../errors/index.js';
import { type Budget, budgetFields } from './request.js';

/** @throws InvalidRequestError that names the field: unknown, not a number, not above zero, or none given */
export function assertBudget(budget: unknown): asserts budget is Budget {
  const known = `one of ${budgetFields.join(', ')}`;
  if (budget === null || typeof budget !== 'object' || Array.isArray(budget)) {
    throw new InvalidRequestError('budget', budget, `an object with ${known}`);
  }
  const given = Object.entries(budget).filter(([, value]) => value !== undefined);
  for (const [field, value] of given) {
    if (!budgetFields.includes(field)) throw new InvalidRequestError('budget field', field, known);
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
      throw new InvalidRequestError(`budget.${field}`, value, 'a finite number above 0');
    }
    if (field === 'accuracy' && value > 1) {
      throw new InvalidRequestError('budget.accuracy', value, 'a share of the images between 0 and 1, such as 0.9');
    }
  }
  if (given.length === 0) throw new InvalidRequestError('budget', '{}', `an object with ${known}`);
}
