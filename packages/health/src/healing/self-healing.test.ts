import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Alert, AlertChange } from '../alerts/alert.ts';
import { FakeTime } from '../test/fake-time.ts';
import { firingAlert } from '../test/notifications.ts';
import type { HealingAction, HealingBindingInput, HealingEntry, HealingSkip } from './action.ts';
import { SelfHealing, type SelfHealingOptions } from './self-healing.ts';

const minute = 60_000;
const binding: HealingBindingInput = { rule: 'ReplicaLag', action: 'shed-load', coolDownMs: 5 * minute };

function change(to: 'firing' | 'resolved' | 'pending', alert: Alert = firingAlert()): AlertChange {
  return { alert: { ...alert, state: to }, from: to === 'resolved' ? 'firing' : 'pending', to };
}

function setUp(options: Partial<SelfHealingOptions> = {}) {
  const time = new FakeTime();
  const start = time.now();
  const entries: HealingEntry[] = [];
  const skips: HealingSkip[] = [];
  const runs: string[] = [];
  let ids = 0;
  const healing = new SelfHealing({
    bindings: [binding],
    audit: (entry) => void entries.push(entry),
    skipped: (skip) => skips.push(skip),
    clock: time,
    timers: time,
    newId: () => `id${(ids += 1)}`,
    ...options,
  });
  const note = (word: string) => void runs.push(`${word} ${(time.now() - start) / minute}`);
  const register = (more: Partial<HealingAction> = {}) => healing.register({ name: 'shed-load', run: () => note('run'), undo: () => note('undo'), ...more });
  return { time, start, entries, skips, runs, healing, register, note };
}

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

test('whatever fires, ends, fails and hangs when: never two at once, never within the cool-down or beyond the hour, each audited, and what was done is taken back', async () => {
  const step = fc.record({
    waitMs: fc.integer({ min: 0, max: 8 * minute }),
    db: fc.constantFrom('a', 'b'),
    to: fc.constantFrom<'firing' | 'resolved'>('firing', 'resolved'),
    outcome: fc.constantFrom('succeeds', 'fails', 'takes long', 'hangs'),
    isAuditing: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, repeats) => {
      const world = { outcome: 'succeeds', isAuditing: true, running: 0, isDone: false, faults: Array<string>() };
      const starts: number[] = [];
      const told: string[] = [];
      const heal = (kind: 'run' | 'undo', time: FakeTime) => async () => {
        if (world.running > 0) world.faults.push('two at once');
        if (told.at(-1) !== `${kind} started`) world.faults.push('not audited before');
        if (kind === 'run') starts.push(time.now());
        world.isDone = kind === 'run';
        world.running += 1;
        try {
          if (world.outcome === 'fails') throw new Error('failed');
          const longMs = world.outcome === 'hangs' ? 90_000 : 10_000;
          if (world.outcome !== 'succeeds') await new Promise<void>((resolve) => void time.after(longMs, resolve));
        } finally {
          world.running -= 1;
        }
      };
      const { time, healing } = setUp({
        bindings: [{ ...binding, coolDownMs: 2 * minute, maxPerHour: 4, repeats }],
        audit: ({ kind, phase }) => {
          told.push(`${kind} ${phase}`);
          return world.isAuditing ? undefined : Promise.reject(new Error('full'));
        },
      });
      healing.register({ name: 'shed-load', deadlineMs: 30_000, run: heal('run', time), undo: heal('undo', time) });
      const firing = new Set<string>();
      for (const { waitMs, db, to, outcome, isAuditing } of steps) {
        Object.assign(world, { outcome, isAuditing });
        if (firing.has(db) !== (to === 'firing')) healing.observe(change(to, firingAlert({ db })));
        if (to === 'firing') firing.add(db);
        else firing.delete(db);
        await time.advance(waitMs);
      }
      await time.advance(61 * minute);
      if (firing.size > 0) expect(world.isDone).toBe(true);
      for (const db of firing) healing.observe(change('resolved', firingAlert({ db })));
      await time.advance(10 * minute);
      expect(world).toMatchObject({ faults: [], running: 0, isDone: false });
      for (const [at, start] of starts.entries()) {
        if (at > 0) expect(start - starts[at - 1]!).toBeGreaterThanOrEqual(2 * minute);
        if (at >= 4) expect(start - starts[at - 4]!).toBeGreaterThanOrEqual(60 * minute);
      }
      expect(told.filter((word) => word === 'run ended')).toHaveLength(starts.length);
      expect(time.pending).toBe(0);
    }),
    { numRuns: 150 },
  );
});
