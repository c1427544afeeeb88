import { describe, expect, test } from 'vitest';
import { binding, change, minute, setUp } from '../test/healing.ts';
import { firingAlert } from '../test/notifications.ts';
import type { HealingEntry } from './action.ts';

describe('runs', () => {
  test('it runs when the alert fires, is taken back when it is over, and each is audited before and after', async () => {
    const { time, start, entries, runs, healing, register } = setUp();
    register();
    healing.observe(change('pending'));
    healing.observe(change('firing'));
    await time.advance(minute);
    healing.observe(change('resolved'));
    await time.advance(minute);
    expect(runs).toEqual(['run 0', 'undo 1']);
    const { fingerprint } = firingAlert();
    const about = { action: 'shed-load', rule: 'ReplicaLag', target: {}, fingerprint };
    expect(entries).toEqual([
      { ...about, id: 'id1', kind: 'run', phase: 'started', at: start },
      { ...about, id: 'id1', kind: 'run', phase: 'ended', at: start, durationMs: 0, outcome: 'succeeded' },
      { ...about, id: 'id2', kind: 'undo', phase: 'started', at: start + minute },
      { ...about, id: 'id2', kind: 'undo', phase: 'ended', at: start + minute, durationMs: 0, outcome: 'succeeded' },
    ]);
    expect(time.pending).toBe(0);
  });

  test('when it fires again within the cool-down it waits, and runs if it still fires then', async () => {
    const { time, start, runs, skips, healing, register } = setUp();
    register({ undo: undefined });
    for (const waitMs of [minute, minute]) {
      healing.observe(change('firing'));
      await time.advance(waitMs);
      healing.observe(change('resolved'));
      await time.advance(0);
    }
    expect(runs).toEqual(['run 0']);
    expect(skips).toMatchObject([{ action: 'shed-load', reason: 'cooling-down', until: start + 5 * minute }]);
    healing.observe(change('firing'));
    await time.advance(10 * minute);
    expect(runs).toEqual(['run 0', 'run 5']);
    await time.advance(60 * minute);
    expect(runs).toHaveLength(2);
  });

  test('the cool-down holds to its last millisecond', async () => {
    const { time, runs, healing, register } = setUp();
    register({ undo: undefined });
    healing.observe(change('firing'));
    await time.advance(minute);
    healing.observe(change('resolved'));
    await time.advance(4 * minute - 1);
    healing.observe(change('firing'));
    await time.advance(0);
    expect(runs).toEqual(['run 0']);
    await time.advance(1);
    expect(runs).toEqual(['run 0', 'run 5']);
  });

  test('one that repeats runs again after each cool-down, within its limit for an hour', async () => {
    const { time, runs, healing, register } = setUp({ bindings: [{ ...binding, repeats: true, maxPerHour: 3 }] });
    register();
    healing.observe(change('firing'));
    await time.advance(66 * minute);
    expect(runs).toEqual(['run 0', 'run 5', 'run 10', 'run 60', 'run 65']);
    healing.observe(change('resolved'));
    await time.advance(60 * minute);
    expect(runs.slice(5)).toEqual(['undo 66']);
    expect(time.pending).toBe(0);
  });

  test('targets are independent of each other, alerts of one target are not', async () => {
    const { time, runs, healing, note } = setUp();
    healing.register({
      name: 'shed-load',
      targetLabels: ['db'],
      run: ({ labels }) => note(`${labels['db']}`),
      undo: ({ labels }) => note(`undo ${labels['db']}`),
    });
    const [a1, a2, b] = [firingAlert({ db: 'a', node: '1' }), firingAlert({ db: 'a', node: '2' }), firingAlert({ db: 'b', node: '1' })];
    for (const alert of [a1, a2, b]) healing.observe(change('firing', alert));
    await time.advance(minute);
    healing.observe(change('resolved', a1));
    await time.advance(minute);
    expect(runs).toEqual(['a 0', 'b 0']);
    healing.observe(change('resolved', a2));
    await time.advance(0);
    expect(runs.slice(2)).toEqual(['undo a 2']);
    await time.advance(60 * minute);
    // The second alert of a began while the first run was under way, and was over before it had cooled down.
    expect(runs).toHaveLength(3);
  });

  test('the cool-down is of the action, whichever rule wants it', async () => {
    const { time, runs, healing, register } = setUp({ bindings: [binding, { ...binding, rule: 'Other', coolDownMs: 2 * minute }] });
    register();
    healing.observe(change('firing'));
    await time.advance(minute);
    healing.observe(change('firing', { ...firingAlert(), rule: 'Other' }));
    await time.advance(10 * minute);
    expect(runs).toEqual(['run 0', 'run 2']);
  });

  test('an action that fails is told by its code, and stops no other', async () => {
    const { time, entries, runs, healing, register, note } = setUp({ bindings: [binding, { ...binding, action: 'restart-worker' }] });
    register({ run: () => Promise.reject(Object.assign(new Error('password hunter2'), { code: 'ECONNREFUSED' })) });
    healing.register({ name: 'restart-worker', run: () => note('restart') });
    healing.observe(change('firing'));
    await time.advance(0);
    expect(runs).toEqual(['restart 0']);
    expect(entries.find(({ phase, action }) => phase === 'ended' && action === 'shed-load')).toMatchObject({ outcome: 'failed', reason: 'ECONNREFUSED' });
    expect(JSON.stringify(entries)).not.toContain('hunter2');
    // It may have done half.
    healing.observe(change('resolved'));
    await time.advance(0);
    expect(runs).toEqual(['restart 0', 'undo 0']);
  });

  test('one that hangs is told to stop at its deadline, and is not started again until it has ended', async () => {
    const { time, entries, skips, runs, healing, register } = setUp({ bindings: [{ ...binding, repeats: true }] });
    const { promise, resolve } = Promise.withResolvers<void>();
    const signals: AbortSignal[] = [];
    register({
      deadlineMs: 1000,
      run: (_, signal) => {
        signals.push(signal);
        return promise;
      },
    });
    healing.observe(change('firing'));
    await time.advance(20 * minute);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(entries.map(({ outcome }) => outcome)).toEqual([undefined, 'timed-out']);
    healing.observe(change('firing', firingAlert({ db: 'life' })));
    expect(skips).toMatchObject([{ reason: 'still-running', until: undefined }]);
    resolve();
    await time.advance(0);
    expect(signals).toHaveLength(2);
    expect(runs).toEqual([]);
    healing.stop();
  });
});

describe('audit', () => {
  test('a run waits for its entry, but not for ever, and goes on when the log fails', async () => {
    const failed: HealingEntry[] = [];
    const { time, runs, healing, register } = setUp({ audit: () => new Promise(() => {}), auditDeadlineMs: 1000, auditFailed: (entry) => failed.push(entry) });
    register();
    healing.observe(change('firing'));
    await time.advance(999);
    expect(runs).toEqual([]);
    await time.advance(1001);
    expect(runs).toHaveLength(1);
    expect(failed.map(({ phase }) => phase)).toEqual(['started', 'ended']);

    const other = setUp({ audit: () => Promise.reject(new Error('full')), auditFailed: (entry) => failed.push(entry) });
    other.register();
    other.healing.observe(change('firing'));
    await other.time.advance(0);
    expect(other.runs).toEqual(['run 0']);
    expect(failed).toHaveLength(4);
  });
});

describe('life', () => {
  test('stopping aborts what runs, starts nothing more, and leaves no timer behind', async () => {
    const { time, entries, runs, healing, register } = setUp({ bindings: [{ ...binding, repeats: true }] });
    let signal: AbortSignal | undefined;
    register({
      targetLabels: ['db'],
      run: (_, given) => {
        signal = given;
        return new Promise((resolve) => given.addEventListener('abort', () => resolve()));
      },
    });
    healing.observe(change('firing'));
    await time.advance(0);
    healing.stop();
    await time.advance(60 * minute);
    expect(signal?.aborted).toBe(true);
    healing.observe(change('firing', firingAlert({ db: 'life' })));
    await time.advance(60 * minute);
    expect(runs).toEqual([]);
    expect(entries.map(({ phase, reason }) => reason ?? phase)).toEqual(['started', 'stopped']);
    expect(time.pending).toBe(0);
  });

  test('stopping calls off what waits for its cool-down', async () => {
    const { time, runs, healing, register } = setUp({ bindings: [{ ...binding, repeats: true }] });
    register();
    healing.observe(change('firing'));
    await time.advance(minute);
    healing.stop();
    expect(time.pending).toBe(0);
    await time.advance(60 * minute);
    expect(runs).toEqual(['run 0']);
  });

  test('an action that is stopped before it begins is not begun', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { time, runs, healing, register } = setUp({ audit: () => promise });
    register();
    healing.observe(change('firing'));
    healing.stop();
    resolve();
    await time.advance(minute);
    expect(runs).toEqual([]);
  });

  test('what makes no sense is refused by name, and what is bound to nothing is named', () => {
    const { healing, register } = setUp();
    expect(healing.missing).toEqual(['shed-load']);
    register();
    expect(healing.missing).toEqual([]);
    expect(() => register()).toThrow(expect.objectContaining({ code: 'ERR_HEALTH_CLASH' }));
    expect(() => register({ name: 'a b' })).toThrow(expect.objectContaining({ code: 'ERR_HEALTH_OPTIONS' }));
    expect(() => setUp({ bindings: [{ ...binding, coolDownMs: 0 }] })).toThrow(
      expect.objectContaining({ code: 'ERR_HEALTH_OPTIONS', message: expect.stringContaining('bindings.0.coolDownMs') }),
    );
  });
});
