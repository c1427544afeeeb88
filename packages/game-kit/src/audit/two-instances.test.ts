import { AuditKeys, AuditSigner, generateSigningKey } from '@midgard/auth';
import { IdGenerator, openDatabase } from '@midgard/dao';
import { mysqlForTests } from '@midgard/test-services';
import { afterAll, describe, expect, test } from 'vitest';
import { auditCheckpoint, auditEntry, auditHead } from '../entities/audit.ts';
import { walletEntry } from '../entities/wallet.ts';
import { GameRuntime } from '../runtime/game-runtime.ts';
import { codeOf, freshKey, idOf } from '../test/answers.ts';
import { standardGame } from '../test/standard-game.ts';
import { service } from '../testing/open-game.ts';
import { verifyAudit } from './verify-audit.ts';

const mysql = await mysqlForTests();
const missing = 'missing' in mysql ? `: ${mysql.missing}` : '';
afterAll(() => ('url' in mysql ? mysql.remove() : undefined));

const key = await generateSigningKey();
const checkpoints = { signer: new AuditSigner(key), everyRows: 10 };

describe.skipIf(missing !== '')(`two instances over one MySQL${missing}`, { timeout: 120_000 }, () => {
  test.each([
    ['each its own chain', [0, 1]],
    ['both the same chain', [3, 3]],
  ] as const)('write side by side, %s: no entry is lost, doubled or out of line', async (_, chains) => {
    const url = 'url' in mysql ? await mysql.freshDatabase() : '';
    await using stack = new AsyncDisposableStack();
    let retries = 0;
    const runtimes = await Promise.all(
      chains.map(async (chain, instance) => {
        const database = stack.use(await openDatabase(url, { timeoutMs: 60_000, listener: { retried: () => void (retries += 1) } }));
        const runtime = new GameRuntime(standardGame, { database, ids: new IdGenerator({ instance }), audit: { chain, checkpoints } });
        await runtime.start();
        stack.defer(() => runtime.stop());
        return { runtime, database };
      }),
    );
    const call = (at: number, name: string, input: object): Promise<unknown> => {
      const { runtime } = runtimes[at % 2]!;
      return runtime.execute({ operation: runtime.operation(name)!, input, caller: service });
    };
    const players = await Promise.all(Array.from({ length: 10 }, (__, at) => idOf(call(at, 'player.create', { name: `p${at}` }))));
    retries = 0;
    const codes = await Promise.all(
      Array.from({ length: 120 }, (__, at) =>
        codeOf(
          call(at, at % 3 === 2 ? 'wallet.debit' : 'wallet.credit', {
            playerId: players[at % 10],
            currency: 'gold',
            amount: 2 + (at % 3),
            reason: 'r',
            ...freshKey(),
          }),
        ),
      ),
    );
    expect(codes.filter((code) => code !== 0 && code !== 2007)).toEqual([]);
    expect(retries).toBe(0);
    await Promise.all(runtimes.map(({ runtime }) => runtime.stop()));

    const { database } = runtimes[0]!;
    const made = codes.filter((code) => code === 0).length;
    await database.read(async (session) => {
      expect(await session.dao(auditEntry).count()).toBe(made);
      expect(await session.dao(walletEntry).count()).toBe(2 * made);
      expect(await session.dao(auditCheckpoint).count()).toBeGreaterThan(1);
    });
    const report = await verifyAudit(database, { scope: standardGame.manifest.id, keys: new AuditKeys([key]), pageRows: 13 });
    expect(report).toMatchObject({ rows: made, findings: [] });
    // Each instance has a chain for what runs at once, and none of another's.
    const used = await database.read((session) => session.dao(auditHead).find({ where: { sequence: { gt: 0n } } }));
    expect(new Set(used.map(({ chain }) => chain % 1024))).toEqual(new Set(chains));
    expect(used.length).toBeGreaterThan(new Set(chains).size);
    expect(report.chains).toBe(used.length);
  });
});
