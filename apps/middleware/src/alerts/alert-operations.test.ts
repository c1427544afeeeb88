import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { until } from '@midgard/test-services';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ServiceProcess } from '../testing/service-process.ts';

const timeout = 120_000;
const Silence = z.looseObject({ id: z.string(), author: z.string() });
const always = { name: 'Always', metric: 'midgard_heap_limit_bytes', comparison: '>', value: 0, severity: 'critical' };
/** Of a busy machine they may be true. */
const disabledRules = ['MidgardEventLoopLags', 'MidgardHeapNearLimit'];
const until2100 = '2100-01-01T00:00:00Z';

test('operators see alerts, silence them under their own name and end that; nobody else does', { timeout }, async () => {
  await using service = new ServiceProcess();
  writeFileSync(path.join(service.folder, 'midgard.yaml'), JSON.stringify({ alerts: { rules: [always], intervalMs: 100, disabledRules } }));
  const { baseUrl, key } = await service.start();
  const keyOf = async (game: string, role: string): Promise<string> => (await service.command('keys', 'create', '--game', game, '--role', role)).stdout.trim();
  const [operator, ofOneGame, viewer] = await Promise.all([keyOf('*', 'operator'), keyOf('realm', 'operator'), keyOf('*', 'viewer')]);
  const ask = async (method: string, what: string, body?: object, by = operator) => {
    const headers = { 'X-API-Key': by, 'Content-Type': 'application/json' };
    const response = await fetch(`${baseUrl}/api/v1/${what}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return { status: response.status, body: z.looseObject({}).parse(await response.json()) };
  };
  const alert = { rule: 'Always', state: 'firing', labels: { alertname: 'Always', severity: 'critical' }, value: expect.any(Number) };
  const matchers = [{ label: 'alertname', is: 'Always' }];

  await until(async () => JSON.stringify((await ask('GET', 'alerts')).body).includes('Always'));
  expect(await ask('GET', 'alerts')).toMatchObject({ status: 200, body: { items: [{ ...alert, silencedBy: [] }] } });
  const made = await ask('POST', 'silences', { matchers, until: until2100, comment: 'we know' });
  expect(made).toMatchObject({ status: 200, body: { state: 'active', matchers, until: '2100-01-01T00:00:00.000Z', comment: 'we know' } });
  const { id, author } = Silence.parse(made.body);
  expect(author).toMatch(/^key:/);
  expect(await ask('GET', 'alerts')).toMatchObject({ body: { items: [{ ...alert, silencedBy: [id] }] } });
  expect(await ask('GET', 'silences')).toMatchObject({ body: { items: [{ id, author, state: 'active' }] } });
  expect(await ask('POST', 'silences/expire', { id })).toMatchObject({ status: 200, body: { id, state: 'expired' } });
  expect(await ask('GET', 'alerts')).toMatchObject({ body: { items: [{ ...alert, silencedBy: [] }] } });

  expect(await ask('POST', 'silences/expire', { id: 'nobody' })).toMatchObject({ status: 404, body: { code: 2002 } });
  for (const wrong of [
    { matchers, until: '2020-01-01T00:00:00Z', comment: 'x' },
    { matchers: [], until: until2100, comment: 'x' },
    { matchers, comment: 'x' },
  ]) {
    expect(await ask('POST', 'silences', wrong)).toMatchObject({ status: 400, body: { code: 2001 } });
  }
  for (const by of [viewer, ofOneGame, key]) {
    for (const what of ['alerts', 'silences']) expect(await ask('GET', what, undefined, by)).toMatchObject({ status: 403, body: { code: 3004 } });
    expect(await ask('POST', 'silences', { matchers, until: until2100, comment: 'x' }, by)).toMatchObject({ status: 403 });
  }
  const { stdout } = await service.command('audit', 'search', '--game', 'service');
  for (const operation of ['create', 'expire']) expect(stdout).toMatch(new RegExp(`${author} 127\\.0\\.0\\.1 silence\\.${operation} silence ${id} done`));
});
