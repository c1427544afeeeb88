import { describe, expect, test } from 'vitest';
import { Progress } from './progress.ts';
import { WriteMarks } from './read-your-writes.ts';
import { FakeTime } from '@midgard/pool/testing';

const code = (name: string) => expect.objectContaining({ code: name });

/** Marks such as MariaDB's, of a source and a number: `a-7`. */
const marks = {
  covers: (position: string, mark: string): boolean => {
    const [source, number] = position.split('-');
    const [otherSource, otherNumber] = mark.split('-');
    return source === otherSource && Number(number) >= Number(otherNumber);
  },
  reach: () => Promise.resolve(true),
};

describe('what a read must see', () => {
  test('of this process is the highest mark, in whatever order the acknowledgements came', () => {
    const written = new WriteMarks(marks, 1000, new FakeTime());
    expect(written.requiredFor('own')).toEqual([]);
    for (const mark of ['a-7', 'a-9', 'a-8']) written.note(mark);
    expect(written.requiredFor('own')).toEqual(['a-9']);
  });

  test('are several marks where they come from several sources', () => {
    const written = new WriteMarks(marks, 1000, new FakeTime());
    for (const mark of ['a-7', 'b-1', 'a-8']) written.note(mark);
    expect(written.requiredFor('own')).toEqual(['b-1', 'a-8']);
  });

  test('is bounded: with too many sources the primary is asked for a while', async () => {
    const time = new FakeTime();
    const written = new WriteMarks(marks, 1000, time);
    for (let source = 0; source < 17; source += 1) written.note(`s${source}-1`);
    expect(written.requiredFor('own')).toBe('primary');
    await time.advance(1000);
    expect(written.requiredFor('own')).toHaveLength(16);
  });

  test('can be a mark of somebody else, or nothing', () => {
    const written = new WriteMarks(marks, 1000, new FakeTime());
    written.note('a-7');
    expect(written.requiredFor({ after: 'a-3' })).toEqual(['a-3']);
    expect(written.requiredFor('any')).toEqual([]);
    expect(written.requiredFor('newest')).toBe('primary');
  });

  test('is on the primary for a while after a write of which the server gave no mark', async () => {
    const time = new FakeTime();
    const written = new WriteMarks(marks, 1000, time);
    written.note(undefined);
    await time.advance(999);
    expect(written.requiredFor('own')).toBe('primary');
    expect(written.requiredFor('any')).toEqual([]);
    expect(written.requiredFor('newest')).toBe('primary');
    await time.advance(1);
    expect(written.requiredFor('own')).toEqual([]);
  });

  test('is on the primary for a while where no server tells marks, and for good where a mark is asked for', async () => {
    const time = new FakeTime();
    const written = new WriteMarks(undefined, 1000, time);
    written.note('a-7');
    expect(written.requiredFor('own')).toBe('primary');
    await time.advance(1000);
    expect(written.requiredFor('own')).toEqual([]);
    expect(written.requiredFor({ after: 'a-3' })).toBe('primary');
  });

  test('is on the primary for a while after the writes have moved, whose marks may have been lost', async () => {
    const time = new FakeTime();
    const written = new WriteMarks(marks, 1000, time);
    written.note('a-7');
    written.forget();
    expect(written.requiredFor('own')).toBe('primary');
    await time.advance(1000);
    expect(written.requiredFor('own')).toEqual([]);
  });

  test('refuses a time that is none', () => {
    expect(() => new WriteMarks(marks, -1, new FakeTime())).toThrow(code('ERR_DAO_INPUT'));
  });
});

describe('what is known of a replica', () => {
  test('covers what it told and what it was seen to reach, until it is measured anew', () => {
    const progress = new Progress(marks);
    expect(progress.covers('a-1')).toBe(false);
    progress.measured('a-5');
    progress.reached('a-7');
    progress.reached('b-2');
    expect(['a-5', 'a-7', 'a-8', 'b-2'].map((mark) => progress.covers(mark))).toEqual([true, true, false, true]);
    // Set up anew from an older copy.
    progress.measured('a-2');
    expect(progress.covers('a-5')).toBe(false);
  });

  test('what it missed it is not asked for again, nor for anything later, until it is measured anew', () => {
    const progress = new Progress(marks);
    progress.missed('a-7');
    expect(['a-6', 'a-7', 'a-8', 'b-9'].map((mark) => progress.isShortOf(mark))).toEqual([false, true, true, false]);
    progress.measured(undefined);
    expect(progress.isShortOf('a-7')).toBe(false);
  });
});
