import { beforeEach, expect, test } from 'vitest';
import type { Principal } from '../principal.ts';
import { FakeClock } from '../test/support.ts';
import { type Revocation, Revocations } from './revocations.ts';

let clock: FakeClock;
let revocations: Revocations;
beforeEach(() => {
  clock = new FakeClock();
  revocations = new Revocations({ clock });
});

const holder = (fields: Partial<Principal> = {}): Principal => ({
  subject: 'realm:player:1',
  kind: 'player',
  roles: ['player'],
  games: ['realm'],
  playerId: 1n,
  expiresAt: null,
  issuedAt: clock.ms,
  sessionId: 'realm:7',
  ...fields,
});
const ended = (fields: Partial<Revocation> = {}): Revocation => ({
  subject: 'realm:player:1',
  sessionId: null,
  issuedUntil: clock.ms,
  forgetAt: clock.ms + 60_000,
  ...fields,
});

test('of a player everything issued until then is refused, what comes later is not', () => {
  revocations.add(ended());
  expect(revocations.isRevoked(holder())).toBe(true);
  expect(revocations.isRevoked(holder({ sessionId: null, issuedAt: null }))).toBe(true);
  expect(revocations.isRevoked(holder({ issuedAt: clock.ms + 1 }))).toBe(false);
  expect(revocations.isRevoked(holder({ subject: 'realm:player:11', sessionId: null }))).toBe(false);
});

test('of a log-in everything is refused, whenever it was issued, and nothing of the next log-in or of another game', () => {
  revocations.add(ended({ sessionId: 'realm:7', issuedUntil: Infinity }));
  expect(revocations.isRevoked(holder({ issuedAt: clock.ms + 500_000 }))).toBe(true);
  expect(revocations.isRevoked(holder({ sessionId: 'realm:8' }))).toBe(false);
  expect(revocations.isRevoked(holder({ sessionId: 'arena:7' }))).toBe(false);
  expect(revocations.isRevoked(holder({ sessionId: null }))).toBe(false);
});

test('an earlier one that is told late takes nothing back', () => {
  revocations.add(ended({ issuedUntil: clock.ms + 10 }));
  revocations.add(ended({ issuedUntil: clock.ms, forgetAt: clock.ms + 90_000 }));
  expect(revocations.isRevoked(holder({ issuedAt: clock.ms + 10 }))).toBe(true);
});

test('listeners hear of each once, when it counts already, and not of what is over', () => {
  const heard: boolean[] = [];
  const stop = revocations.onRevoked(() => heard.push(revocations.isRevoked(holder())));
  expect([revocations.add(ended()), revocations.add(ended()), revocations.add(ended({ forgetAt: clock.ms }))]).toEqual([true, false, false]);
  expect(heard).toEqual([true]);
  stop();
  revocations.add(ended({ subject: 'other' }));
  expect(heard).toHaveLength(1);
});

test('what may be forgotten is, so that memory follows what is in force', () => {
  for (let n = 0; n < 5000; n += 1) revocations.add(ended({ sessionId: `realm:${n}`, issuedUntil: Infinity }));
  expect(revocations.size).toBe(5000);
  clock.ms += 60_001;
  for (let n = 0; n < 5000; n += 1) revocations.add(ended({ subject: `p${n}` }));
  expect(revocations.size).toBe(5000);
  expect(revocations.isRevoked(holder({ subject: 'p4999' }))).toBe(true);
});
