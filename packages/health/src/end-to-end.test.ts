import { expect, test } from 'vitest';
import { Alerts } from './alerts/alerts.ts';
import { textMetrics } from './alerts/metric-source.ts';
import { Channels } from './channels/channels.ts';
import { createChannel } from './channels/create-channel.ts';
import { SelfHealing } from './healing/self-healing.ts';
import { HealthMonitor } from './monitor/health-monitor.ts';
import { pingCheck } from './monitor/checks/ping.ts';
import { FakeTime } from './test/fake-time.ts';
import { answer, httpReceiver } from './test/http-receiver.ts';

const second = 1000;
const kinds = ['webhook', 'slack', 'dingtalk', 'feishu', 'wecom'] as const;

test('Redis goes away: its component is down, the rule fires in time, every channel hears it, the action runs; it is back: all of that is over', async () => {
  const time = new FakeTime();
  const receiver = await httpReceiver(answer(200, '{"errcode":0,"code":0}'));
  const redis = { isUp: true, ping: () => (redis.isUp ? Promise.resolve('PONG') : Promise.reject(new Error('gone'))) };
  const monitor = new HealthMonitor({ clock: time, timers: time });
  monitor.register({ name: 'redis', kind: 'redis', ttlMs: 5 * second, fall: 2, rise: 1, check: pingCheck(() => redis.ping()) });
  const metrics = () => monitor.snapshot().map(({ name, status }) => `component_up{component="${name}"} ${status === 'up' ? 1 : 0}\n`);
  const channels = new Channels();
  for (const kind of kinds) channels.add(createChannel({ kind, name: kind, url: `${receiver.url}/${kind}` }));
  const healed: string[] = [];
  const healing = new SelfHealing({
    bindings: [{ rule: 'RedisDown', action: 'shed-load', coolDownMs: 60 * second }],
    audit: ({ kind, phase }) => void healed.push(`${kind} ${phase}`),
    clock: time,
    timers: time,
  });
  healing.register({ name: 'shed-load', run: () => {}, undo: () => {} });
  const alerts = new Alerts({
    rules: [
      {
        name: 'RedisDown',
        metric: 'component_up',
        comparison: '<',
        value: 1,
        forMs: 20 * second,
        severity: 'critical',
        summary: '{{labels.component}} is away',
      },
    ],
    routes: [{ channels: [...kinds], groupWaitMs: 0, groupIntervalMs: 30 * second }],
    source: textMetrics(() => metrics().join('')),
    send: channels.send,
    changed: (change) => healing.observe(change),
    intervalMs: 5 * second,
    clock: time,
    timers: time,
  });
  const heard = async (count: number) => {
    await expect.poll(() => receiver.received).toHaveLength(count);
    return receiver.received.slice(count - kinds.length);
  };

  monitor.start();
  alerts.start();
  await time.advance(30 * second);
  redis.isUp = false;
  await time.advance(25 * second);
  expect(receiver.received).toEqual([]);
  await time.advance(15 * second);
  const fired = await heard(5);
  expect(fired.map(({ path }) => path.slice(1)).toSorted()).toEqual(kinds.toSorted());
  for (const { body } of fired) expect(body).toMatch(/firing.*redis is away/is);

  redis.isUp = true;
  await time.advance(60 * second);
  for (const { body } of await heard(10)) expect(body).toMatch(/resolved/i);
  expect(healed).toEqual(['run started', 'run ended', 'undo started', 'undo ended']);

  for (const part of [monitor, alerts, healing]) part.stop();
  channels.close();
  await receiver[Symbol.asyncDispose]();
  expect(time.pending).toBe(0);
});
