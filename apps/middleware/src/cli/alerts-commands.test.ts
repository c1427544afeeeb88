import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startAlertReceiver } from '../testing/alert-receiver.ts';
import { type CommandResult, ServiceProcess } from '../testing/service-process.ts';

const timeout = 60_000;
const token = 'T0x4Rk9LwQz7';

function serviceWith(alerts: object): ServiceProcess {
  const service = new ServiceProcess();
  onTestFinished(() => service[Symbol.asyncDispose]());
  writeFileSync(path.join(service.folder, 'midgard.yaml'), JSON.stringify({ alerts }));
  return service;
}

function expectDiscreet({ stdout, stderr }: CommandResult): void {
  expect(stdout + stderr).not.toContain(token);
  expect(stdout + stderr).not.toMatch(/^\s+at /m);
}

test('a test goes to the channel that is named, and the exit code says whether it was taken', { timeout }, async () => {
  await using receiver = await startAlertReceiver();
  const service = serviceWith({
    channels: { ops: { kind: 'slack', url: `${receiver.url}/${token}` }, dead: { kind: 'wecom', url: `http://127.0.0.1:1/${token}` } },
  });
  const [taken, refused, unknown] = await Promise.all(['ops', 'dead', 'opps'].map((channel) => service.command('alerts', 'test', '--channel', channel)));
  expect(taken).toEqual({ exitCode: 0, stdout: 'ops (slack): the test was delivered\n', stderr: '' });
  expect(receiver.at(`/${token}`)).toHaveLength(1);
  expect(receiver.at(`/${token}`)[0]?.text).toContain('This is a test');
  expect(refused).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringMatching(/^dead \(wecom\): the test was not delivered: \S+\n$/) });
  expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no such channel: opps; there are ops, dead') });
  for (const result of [taken, refused, unknown]) if (result !== undefined) expectDiscreet(result);
});

test('the list has every rule with where it is from and what is done about it', { timeout }, async () => {
  const service = serviceWith({
    rules: [{ name: 'MidgardCacheAway', metric: 'midgard_cache_joined', comparison: '==', value: 0, forMs: 5000 }],
    disabledRules: ['MidgardHeapNearLimit'],
    healing: [{ rule: 'MidgardCacheAway', action: 'shed-load', coolDownMs: 60_000 }],
  });
  const { exitCode, stdout } = await service.command('alerts', 'list');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^MidgardCacheAway +warning +midgard_cache_joined == 0 +5 s +replaced +shed-load$/m);
  expect(stdout).toMatch(/^MidgardWriteBehindStuck +critical +max by game \(midgard_write_behind_age_seconds\) > 60 +120 s +built in +-$/m);
  expect(stdout).not.toContain('MidgardHeapNearLimit');
  const json: unknown = JSON.parse((await service.command('alerts', 'list', '--json')).stdout);
  expect(json).toMatchObject({ enabled: true, rules: expect.arrayContaining([expect.objectContaining({ name: 'MidgardCacheAway', origin: 'replaced' })]) });
});

test('no command repeats the address of a channel, right or wrong', { timeout }, async () => {
  const wrong = serviceWith({ channels: { ops: { kind: 'slack', url: `htps://hooks.slack.example/${token}` } } });
  const result = await wrong.command('alerts', 'list');
  expect(result).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('alerts.channels.ops.url: expected a URL') });
  expectDiscreet(result);
  const right = serviceWith({ channels: { ops: { kind: 'slack', url: `https://hooks.slack.example/${token}` } } });
  for (const command of [['alerts', 'list', '--json'], ['doctor', '--json'], ['config-schema']]) expectDiscreet(await right.command(...command));
});
