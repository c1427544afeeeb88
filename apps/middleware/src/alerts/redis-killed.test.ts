// Issue 7: kill Redis, the rule fires within its time, every kind of channel hears of it in its own format, and of its end once Redis is back.
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { findRedis, startRedis, until } from '@midgard/test-services';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type AlertReceiver, startAlertReceiver } from '../testing/alert-receiver.ts';
import { callRealm, createPlayer, figureOf } from '../testing/realm-http.ts';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const timeout = 120_000;
const missing = findRedis() === undefined ? ': no redis-server' : '';
const chats = ['slack', 'dingtalk', 'feishu', 'wecom'] as const;
const secret = 'b7Jx0qQ2mVt9sLrKzWc4';
const forMs = 300;
const firing = 'midgard_alerts{alertname="MidgardCacheAway",severity="critical",state="firing"}';

const WebhookBody = z.object({ status: z.string(), alerts: z.array(z.object({ labels: z.record(z.string(), z.string()), startsAt: z.string() })) });

/** As an operator writes it; JSON is YAML. */
function settings(url: string): string {
  const channels = Object.fromEntries(
    chats.map((kind) => [kind, { kind, url: `${url}/${kind}`, ...((kind === 'dingtalk' || kind === 'feishu') && { secret }) }]),
  );
  return JSON.stringify({
    alerts: {
      intervalMs: 100,
      // Of a busy machine these may be true.
      disabledRules: ['MidgardEventLoopLags', 'MidgardHeapNearLimit'],
      rules: [{ name: 'MidgardCacheAway', metric: 'midgard_cache_joined', comparison: '==', value: 0, forMs, severity: 'critical', summary: 'Redis is away' }],
      channels: { ...channels, hook: { kind: 'webhook', url: `${url}/webhook`, secret, headers: { 'X-Team': 'operations' } } },
      routes: [{ channels: [...chats, 'hook'], groupWaitMs: 0, groupIntervalMs: 1000 }],
      healing: [
        { rule: 'MidgardCacheAway', action: 'shed-load', coolDownMs: 60_000 },
        { rule: 'MidgardCacheAway', action: 'open-breaker', coolDownMs: 60_000 },
      ],
    },
  });
}

/** What each chat shows its people. */
const shownBy: Readonly<Record<(typeof chats)[number], z.ZodType<string>>> = {
  slack: z
    .object({ blocks: z.array(z.object({ type: z.literal('section'), text: z.object({ type: z.literal('mrkdwn'), text: z.string() }) })) })
    .transform(({ blocks }) => blocks.map(({ text }) => text.text).join('\n')),
  dingtalk: z
    .object({ msgtype: z.literal('markdown'), markdown: z.object({ title: z.string(), text: z.string() }) })
    .transform(({ markdown }) => markdown.text),
  feishu: z
    .object({
      timestamp: z.string(),
      sign: z.string(),
      msg_type: z.literal('interactive'),
      card: z.object({
        header: z.object({ title: z.object({ content: z.string() }) }),
        elements: z.array(z.object({ text: z.object({ content: z.string() }) })),
      }),
    })
    .transform(({ card }) => [card.header.title.content, ...card.elements.map(({ text }) => text.content)].join('\n')),
  wecom: z.object({ msgtype: z.literal('markdown'), markdown: z.object({ content: z.string() }) }).transform(({ markdown }) => markdown.content),
};

/** Of each kind the last message, as its people see it. */
async function lastShown(receiver: AlertReceiver, messages: number): Promise<readonly string[]> {
  await until(() => [...chats, 'webhook'].every((kind) => receiver.at(`/${kind}`).length >= messages));
  return chats.map((kind) => shownBy[kind].parse(receiver.at(`/${kind}`).at(-1)?.body));
}

async function alertsOf({ baseUrl }: StartedService, key: string): Promise<unknown> {
  return (await fetch(`${baseUrl}/api/v1/alerts`, { headers: { 'X-API-Key': key } })).json();
}

describe.skipIf(missing !== '')(`a service whose Redis is killed${missing}`, { timeout }, () => {
  test('tells every channel in its format, heals, and tells of the end', { timeout }, async () => {
    await using stack = new AsyncDisposableStack();
    const receiver = stack.use(await startAlertReceiver());
    const redis = await startRedis({ appendonly: 'no' });
    stack.defer(() => redis.remove());
    const service = stack.use(new ServiceProcess({ MIDGARD_CACHE_REDIS_URL: redis.url }));
    writeFileSync(path.join(service.folder, 'midgard.yaml'), settings(receiver.url));
    const started = await service.start();
    const [operator = '', web = ''] = await Promise.all(
      [['*', 'operator'] as const, ['realm', 'web'] as const].map(async ([game, role]) =>
        (await service.command('keys', 'create', '--game', game, '--role', role)).stdout.trim(),
      ),
    );
    const player = await createPlayer(started, 'Mira');
    const readBy = async (key: string): Promise<number> => (await callRealm(started, 'GET', `/players/${player}`, { key })).status;
    await until(async () => (await figureOf(started, 'midgard_cache_joined')) === 1);
    await until(async () => (await readBy(web)) === 200);
    // Where it took its time to join, that was told of, and so will be its end.
    await until(async () => (await figureOf(started, firing)) === 0 && receiver.at('/webhook').length % 2 === 0);
    const before = receiver.at('/webhook').length;

    await redis.stop('SIGKILL');
    for (const shown of await lastShown(receiver, before + 1)) {
      expect(shown).toContain('MidgardCacheAway');
      expect(shown).toContain('Redis is away');
      expect(shown).not.toMatch(/resolved/i);
    }
    const hook = receiver.at('/webhook').at(-1);
    expect(WebhookBody.parse(hook?.body)).toMatchObject({ status: 'firing', alerts: [{ labels: { alertname: 'MidgardCacheAway', severity: 'critical' } }] });
    const [, seconds = '', signature = ''] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(String(hook?.headers['x-midgard-signature'])) ?? [];
    expect(signature).toBe(createHmac('sha256', secret).update(`${seconds}.${hook?.text}`).digest('hex'));
    expect(hook?.headers['x-team']).toBe('operations');
    expect(receiver.at('/dingtalk').at(-1)?.path).toMatch(/\?timestamp=\d+&sign=./);
    expect(await alertsOf(started, operator)).toMatchObject({ items: [{ rule: 'MidgardCacheAway', state: 'firing', silencedBy: [] }] });
    const log = service.logs.filter(({ alert }) => alert === 'MidgardCacheAway');
    const [pendingAt, firingAt] = ['pending', 'firing'].map((state) => Date.parse(String(log.findLast(({ to }) => to === state)?.['time'])));
    // Within its time: not before the condition has held, and the message above came.
    expect((firingAt ?? 0) - (pendingAt ?? 0)).toBeGreaterThanOrEqual(forMs - 50);

    await until(async () => (await readBy(web)) === 503);
    expect(await readBy(started.key)).toBe(200);
    await until(async () => (await figureOf(started, 'midgard_healing_runs_total{action="shed-load",outcome="succeeded"}')) >= 1);
    expect(await figureOf(started, 'midgard_load_shedding')).toBe(1);
    expect(await figureOf(started, firing)).toBe(1);

    await redis.start();
    for (const shown of await lastShown(receiver, before + 2)) expect(shown).toMatch(/resolved.*MidgardCacheAway|MidgardCacheAway.*resolved/is);
    expect(WebhookBody.parse(receiver.at('/webhook').at(-1)?.body).status).toBe('resolved');
    await until(async () => (await readBy(web)) === 200);
    expect(await alertsOf(started, operator)).toEqual({ items: [] });
    for (const channel of [...chats, 'hook'])
      expect(await figureOf(started, `midgard_notifications_total{channel="${channel}",outcome="delivered"}`)).toBeGreaterThanOrEqual(2);

    const { stdout } = await service.command('audit', 'search', '--game', 'service');
    for (const action of ['shed-load', 'open-breaker']) for (const kind of ['run', 'undo']) expect(stdout).toMatch(`healing.${kind} action ${action} done`);
    expect(service.printed.stdout + service.printed.stderr + stdout).not.toContain(secret);
  });
});
