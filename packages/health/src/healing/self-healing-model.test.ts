import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FakeTime } from '../test/fake-time.ts';
import { binding, change, minute, setUp } from '../test/healing.ts';
import { firingAlert } from '../test/notifications.ts';

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
