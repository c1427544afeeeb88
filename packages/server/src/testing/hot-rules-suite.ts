import type { Principal } from '@midgard/auth';
import { openGame, type OpenGame, playerCaller, service } from '@midgard/game-kit/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { DispatcherOptions } from '../dispatcher-options.ts';
import { Rights } from '../rights.ts';
import type { GameRouter } from '../router.ts';
import { plainGame } from './hot-server.ts';

/** What decides about requests, and who speaks, by the key that is shown; `service` may everything. */
export type HotRulesSetup = Partial<Omit<DispatcherOptions, 'router' | 'metrics' | 'clock'>> & { readonly callers?: Readonly<Record<string, Principal>> };

/** A server with one player, which `service` has read before. */
export interface HotReader {
  readonly open: OpenGame;
  readonly router: GameRouter;
  readonly id: string;
  /**
   * Reads the player once more.
   *
   * @param key whose caller asks; default `service`
   * @returns whether that took the hot way, and the code of the answer, 0 for a good one
   */
  readonly again: (key?: string) => Promise<{ readonly isHot: boolean; readonly code: number; readonly body: unknown }>;
}

const viewer = { ...service, subject: 'key:viewer', roles: ['viewer'] } as const;
const [hot, good] = [
  { isHot: true, code: 0 },
  { isHot: false, code: 0 },
];
const refused = (code: number) => ({ isHot: false, code });

/** What holds of the hot way over every transport: what the full way would refuse or follow is not answered there. */
export function hotRulesSuite(serve: (setup?: HotRulesSetup) => Promise<HotReader>): void {
  test('a read goes the full way once in four minutes, so that the game hears of it', async () => {
    const { open, again } = await serve();
    expect(await again()).toMatchObject(hot);
    open.clock.advance(240_000);
    expect(await again()).toMatchObject(good);
    expect(await again()).toMatchObject(hot);
  });

  test('a role that may no longer is refused', async () => {
    const rights = new Rights();
    const { again } = await serve({ rights, callers: { viewer } });
    await again('viewer');
    expect(await again('viewer')).toMatchObject(hot);
    rights.redefine({ roles: { viewer: [] } });
    expect(await again('viewer')).toMatchObject(refused(3004));
    rights.redefine({});
    expect(await again('viewer')).toMatchObject({ code: 0 });
  });

  test.each<[string, Principal]>([
    ['a role that may not', { ...viewer, roles: [] }],
    ['a key that is for other operations', { ...service, operations: ['player.list'] }],
    ['a key that is for operations of another kind', { ...service, operations: ['order.*'] }],
    ['a key that is for other games', { ...service, games: ['other'] }],
    ['a player who asks for another', playerCaller(1n)],
  ])('%s is refused, however often it asks', async (_, caller) => {
    const { again } = await serve({ callers: { caller } });
    expect(await again()).toMatchObject(hot);
    for (let n = 0; n < 2; n += 1) expect(await again('caller')).toMatchObject(refused(3004));
    expect(await again()).toMatchObject(hot);
  });

  test('a caller who was revoked is refused', async () => {
    let isRevoked = false;
    const { again } = await serve({ callers: { viewer }, revocations: { isRevoked: () => isRevoked } });
    await again('viewer');
    expect(await again('viewer')).toMatchObject(hot);
    isRevoked = true;
    expect(await again('viewer')).toMatchObject(refused(3003));
  });

  test('an operation with a limit of its own is counted for each request', async () => {
    const { again } = await serve({ operationLimits: { 'player.get': { perSecond: 1, burst: 2 } } });
    expect(await again()).toMatchObject(good);
    expect(await again()).toMatchObject(refused(3005));
  });

  test('while load is shed, anything may be refused', async () => {
    const shedding = { isOn: false, sheds: () => true };
    const { again } = await serve({ shedding });
    expect(await again()).toMatchObject(hot);
    shedding.isOn = true;
    expect(await again()).toMatchObject(refused(1005));
  });

  test('a request that is followed goes the full way', async () => {
    let chosen = 0;
    const tracing = { choosesNext: () => chosen-- > 0, begin: () => undefined, end: () => undefined };
    const { again } = await serve({ tracing });
    expect(await again()).toMatchObject(hot);
    chosen = 1;
    expect(await again()).toMatchObject(good);
    expect(await again()).toMatchObject(hot);
  });

  test('a game that is switched off, or another in its place, does not give the answers of before', async () => {
    const { router, again, id } = await serve();
    expect(await again()).toMatchObject(hot);
    router.setEnabled('plain', false);
    expect(await again()).toMatchObject(refused(2003));
    router.setEnabled('plain', true);
    expect(await again()).toMatchObject(good);
    const other = await openGame({ ...plainGame, manifest: { ...plainGame.manifest, version: '2.0.0' } });
    onTestFinished(() => other[Symbol.asyncDispose]());
    router.remove('plain');
    router.add(other.runtime);
    expect(await again()).toMatchObject({ isHot: false, body: { code: 2002, details: { id } } });
  });
}
