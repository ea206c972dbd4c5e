/** What a search of the store answers. */
import { ActionError } from './action-error.ts';

/** Runs it. Throws ActionError for a cursor that is none. */
export async function searched<T>(search: Promise<T>): Promise<T> {
  try {
    return await search;
  } catch (error) {
    if (error instanceof RangeError)
      throw new ActionError('invalid', 'cursor: this is no cursor of this list', 'Begin with the first page.');
    throw error;
  }
}
