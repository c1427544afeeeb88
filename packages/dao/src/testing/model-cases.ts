import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Database } from '../database.ts';
import { DaoError } from '../errors.ts';
import { type Model, type StepOf, anyStep } from './model-steps.ts';
import { type OpenForTest, holding, onFresh } from './sample.ts';

/** Some steps in one transaction, which fails at its end or not. */
interface Plan {
  readonly steps: readonly StepOf[];
  readonly fails: boolean;
}

const runs = 25;
const plans: fc.Arbitrary<readonly Plan[]> = fc.array(fc.record({ steps: fc.array(anyStep, { maxLength: 8 }), fails: fc.boolean() }), {
  minLength: 1,
  maxLength: 6,
});

async function resultOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof DaoError && error.code !== 'ERR_DAO_CONFLICT') return error.code;
    throw error;
  }
}

/** Runs a transaction. @returns the model after it */
async function perform(database: Database, bags: Parameters<StepOf>[0], model: Model, { steps, fails }: Plan): Promise<Model> {
  const onPurpose = new RangeError('on purpose');
  try {
    return await database.transaction(async (session) => {
      const attempt: Model = new Map(model);
      for (const { name, expected, call } of steps.map((step) => step(bags))) expect([name, await resultOf(call(session))]).toEqual([name, expected(attempt)]);
      if (fails) throw onPurpose;
      return attempt;
    });
  } catch (error) {
    if (error !== onPurpose) throw error;
    return model;
  }
}

/** Calls in any order give what a Map would. A failing run tells its seed, with which `fc.assert` repeats it. */
export function modelCases(open: OpenForTest): void {
  test('random transactions, some of which fail, give and leave what a Map would', () =>
    onFresh(open, async (database) => {
      let firstBag = 0n;
      const property = fc.asyncProperty(plans, async (all) => {
        const bags = [firstBag, firstBag + 1n] as const;
        firstBag += 2n;
        let model: Model = new Map();
        for (const plan of all) model = await perform(database, bags, model, plan);
        const [gte, lte] = bags;
        const left = await database.read((session) => session.dao(holding).find({ where: { bag: { gte, lte } } }));
        expect(new Map(left.map((row) => [`${row.bag}/${row.slot}`, row]))).toEqual(model);
      });
      await fc.assert(property, { numRuns: runs });
    }));
}
