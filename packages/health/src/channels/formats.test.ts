import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeTime } from '../test/fake-time.ts';
import { answer, type HttpReceiver, httpReceiver } from '../test/http-receiver.ts';
import { firingAlert, notification, resolvedAlert, startedAt } from '../test/notifications.ts';
import { channelConformance } from '../testing/channel-conformance.ts';
import type { ChannelConfig } from './channel-config.ts';
import { createChannel } from './create-channel.ts';

const clock = new FakeTime();
const { signal } = new AbortController();
let receiver: HttpReceiver;

beforeAll(async () => {
  receiver = await httpReceiver(answer(200, '{"errcode":0,"code":0}'));
});

afterAll(() => receiver[Symbol.asyncDispose]());

type HttpConfig = Exclude<ChannelConfig, { kind: 'email' }>;

/** Delivers to the receiver, and returns what it got. */
async function deliver(config: Readonly<Record<string, unknown>> & Pick<HttpConfig, 'kind'>, path = '/hook/token', given = notification(firingAlert())) {
  receiver.answer = answer(200, '{"errcode":0,"code":0}');
  receiver.received.length = 0;
  const channel = createChannel({ ...config, name: 'ops', url: receiver.url + path }, { clock });
  await channel.deliver(given, signal);
  const [got, ...others] = receiver.received;
  expect(others).toEqual([]);
  return { ...got!, json: JSON.parse(got!.body) };
}

const secret = 'SECcafe';
const hmac = (key: string, data: string) => createHmac('sha256', key).update(data);

describe('webhook', () => {
  test('the body is that of Alertmanager, version 4', async () => {
    const { json, headers, path } = await deliver(
      { kind: 'webhook', headers: { Authorization: 'Bearer x' } },
      '/a?b=c',
      notification(firingAlert(), resolvedAlert({ db: 'life' })),
    );
    expect(path).toBe('/a?b=c');
    expect(headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', authorization: 'Bearer x' });
    expect(json).toEqual({
      version: '4',
      groupKey: '0:[["alertname","ReplicaLag"]]',
      truncatedAlerts: 0,
      status: 'firing',
      receiver: 'ops',
      groupLabels: { alertname: 'ReplicaLag' },
      commonLabels: { alertname: 'ReplicaLag', severity: 'critical' },
      commonAnnotations: {},
      externalURL: '',
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'ReplicaLag', severity: 'critical', db: 'realm' },
          annotations: { summary: 'realm is 12.5 s behind' },
          startsAt: '2023-11-14T22:13:20.000Z',
          endsAt: '0001-01-01T00:00:00Z',
          generatorURL: '',
          fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
        },
        expect.objectContaining({ status: 'resolved', startsAt: '2023-11-14T22:13:20.000Z', endsAt: '2023-11-14T22:15:20.000Z' }),
      ],
    });
  });

  test('its signature covers the time and the very bytes of the body', async () => {
    const { body, headers } = await deliver({ kind: 'webhook', secret });
    const seconds = startedAt / 1000;
    expect(headers['x-midgard-signature']).toBe(`t=${seconds},v1=${hmac(secret, `${seconds}.${body}`).digest('hex')}`);
  });
});

test('slack: one section of mrkdwn that is taken literally', async () => {
  const { json } = await deliver({ kind: 'slack' });
  expect(json).toEqual({
    text: '[FIRING] ReplicaLag (critical)',
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', verbatim: true, text: '*[FIRING] ReplicaLag (critical)*\n• FIRING critical: realm is 12.5 s behind' } },
    ],
  });
});

test('dingtalk: markdown that mentions nobody, the address signed with milliseconds', async () => {
  const { json, path } = await deliver({ kind: 'dingtalk', secret }, '/robot/send?access_token=token');
  expect(json).toEqual({
    msgtype: 'markdown',
    markdown: { title: '[FIRING] ReplicaLag (critical)', text: '### [FIRING] ReplicaLag (critical)\n\n- FIRING critical: realm is 12.5 s behind' },
    at: { isAtAll: false },
  });
  const sign = encodeURIComponent(hmac(secret, `${startedAt}\n${secret}`).digest('base64'));
  expect(path).toBe(`/robot/send?access_token=token&timestamp=${startedAt}&sign=${sign}`);
});

test('feishu: a card, signed with seconds by an HMAC of nothing', async () => {
  const { json } = await deliver({ kind: 'feishu', secret });
  expect(json).toEqual({
    timestamp: String(startedAt / 1000),
    sign: hmac(`${startedAt / 1000}\n${secret}`, '').digest('base64'),
    msg_type: 'interactive',
    card: {
      config: { wide_screen_mode: true },
      header: { title: { tag: 'plain_text', content: '[FIRING] ReplicaLag (critical)' }, template: 'red' },
      elements: [{ tag: 'div', text: { tag: 'lark_md', content: 'FIRING critical: realm is 12.5 s behind' } }],
    },
  });
  const resolved = await deliver({ kind: 'feishu' }, '/', notification(resolvedAlert()));
  expect(resolved.json).toMatchObject({ card: { header: { template: 'green' } } });
  expect(resolved.json).not.toHaveProperty('sign');
});

test('wecom: markdown', async () => {
  const { json } = await deliver({ kind: 'wecom' });
  expect(json).toEqual({ msgtype: 'markdown', markdown: { content: '### [FIRING] ReplicaLag (critical)\n> FIRING critical: realm is 12.5 s behind' } });
});

/** The text of a message that holds the lines: the longest. */
function textOf(json: unknown): string {
  if (typeof json === 'string') return json;
  const texts = typeof json === 'object' && json !== null ? Object.values(json).map(textOf) : [];
  return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), '');
}

describe('limits', () => {
  const many = notification(...Array.from({ length: 120 }, (_, at) => firingAlert({ db: `${'数据库'.repeat(60)}${at}` })));

  test.each([
    ['slack', 3000],
    ['wecom', 4096],
    ['dingtalk', 16_000],
    ['feishu', 14_000],
  ] as const)('%s gets whole lines within its %d bytes, and how many more there are', async (kind, maxBytes) => {
    const { json } = await deliver({ kind }, '/', many);
    const text = textOf(json);
    const lines = text.split('\n').filter((line) => line.includes('FIRING critical'));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
    expect(Buffer.byteLength(text)).toBeGreaterThan(maxBytes / 2);
    const left = Number(/… and (\d+) more$/.exec(text)?.[1]);
    // A hundred alerts and the line that counts the twenty beyond them.
    expect(lines.length + left).toBe(101);
  });

  test.each(['slack', 'wecom', 'dingtalk', 'feishu'] as const)('%s gets one alert however long its texts are', async (kind) => {
    const { json } = await deliver({ kind, line: '{{summary}}'.repeat(20) }, '/', notification(firingAlert({ db: '🦊'.repeat(5000) })));
    const text = textOf(json);
    expect(text).toContain('🦊🦊');
    expect(text.isWellFormed()).toBe(true);
  });
});

describe('what a label says', () => {
  const hostile = '<!channel> <@all> <at id=all></at> [click](http://evil) ![x](http://evil) **b** `c`\n# head &lt;!here&gt; \u202e\\';

  test('slack sees no mention, no link and no entity of a label', async () => {
    const { json } = await deliver({ kind: 'slack', line: '*{{labels.db}}*' }, '/', notification(firingAlert({ db: hostile })));
    const { text } = json.blocks[0].text;
    expect(text).toBe(
      '*[FIRING] ReplicaLag (critical)*\n• *&lt;!channel&gt; &lt;@all&gt; &lt;at id=all&gt;&lt;/at&gt; [click](http://evil) ![x](http://evil) **b** `c` # head &amp;lt;!here&amp;gt;  \\*',
    );
  });

  test.each(['dingtalk', 'feishu', 'wecom'] as const)('%s sees no tag, no mention, no link, no picture and no heading of a label', async (kind) => {
    const { body } = await deliver({ kind, line: '{{labels.db}}', title: '{{status}}' }, '/', notification(firingAlert({ db: hostile })));
    expect(body).toContain('＜!channel＞ ＜@all＞ ＜at id=all＞＜/at＞ ［click］(http://evil) !［x］(http://evil) ＊＊b＊＊ ｀c｀ ＃ head ＆lt;!here＆gt;  ＼');
    expect(body).not.toMatch(/<|\[click|`|\u202e/);
  });

  test('an operator may word with markup, and a name that is not there is empty', async () => {
    const { json } = await deliver({
      kind: 'slack',
      title: '{{count}} × {{name}}',
      line: '<https://wiki/{{name}}|{{labels.db}}> {{nothing}}{{constructor}}{{labels.constructor}}{{value}} since {{since}}',
    });
    expect(json.blocks[0].text.text).toBe('*1 × ReplicaLag*\n• <https://wiki/ReplicaLag|realm> 12.5 since 2023-11-14T22:13:20.000Z');
  });
});

describe('answers', () => {
  const failureOf = async (kind: HttpConfig['kind'], given: ReturnType<typeof answer>) => {
    const channel = createChannel({ kind, name: 'ops', url: `${receiver.url}/hook/token` }, { clock });
    receiver.answer = given;
    return channel.deliver(notification(firingAlert()), signal).then(
      () => undefined,
      (error: unknown) => error,
    );
  };

  test.each([
    [200, undefined],
    [204, undefined],
    [302, { reason: 'redirected', isRetryable: false }],
    [400, { reason: 'http-400', isRetryable: false }],
    [404, { reason: 'http-404', isRetryable: false }],
    [408, { reason: 'http-408', isRetryable: true }],
    [500, { reason: 'http-500', isRetryable: true }],
    [503, { reason: 'http-503', isRetryable: true }],
  ])('%d', async (status, failure) => {
    const { length } = receiver.received;
    const error = await failureOf('webhook', answer(status, '', { Location: `${receiver.url}/elsewhere` }));
    if (failure === undefined) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ code: 'ERR_HEALTH_DELIVERY', ...failure });
    expect(receiver.received).toHaveLength(length + 1);
  });

  test.each([
    ['7', 7000],
    [new Date(startedAt + 90_000).toUTCString(), 90_000],
    [new Date(startedAt - 90_000).toUTCString(), undefined],
    ['soon', undefined],
  ])('429 with Retry-After %s', async (header, retryAfterMs) => {
    expect(await failureOf('slack', answer(429, '', { 'Retry-After': header }))).toMatchObject({ isRetryable: true, retryAfterMs });
  });

  test.each<[HttpConfig['kind'], string, object | undefined]>([
    ['dingtalk', '{"errcode":0,"errmsg":"ok"}', undefined],
    ['dingtalk', '{"errcode":310000,"errmsg":"sign not match: SECcafe"}', { reason: 'errcode-310000', isRetryable: false }],
    ['dingtalk', '{"errcode":130101,"errmsg":"send too fast"}', { reason: 'errcode-130101', isRetryable: true }],
    ['wecom', '{"errcode":0,"errmsg":"ok"}', undefined],
    ['wecom', '{"errcode":93000,"errmsg":"invalid webhook url"}', { reason: 'errcode-93000', isRetryable: false }],
    ['wecom', '{"errcode":45009,"errmsg":"api freq out of limit"}', { reason: 'errcode-45009', isRetryable: true }],
    ['feishu', '{"code":0,"msg":"success","data":{}}', undefined],
    ['feishu', '{"StatusCode":0,"StatusMessage":"success"}', undefined],
    ['feishu', '{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}', { reason: 'errcode-19021', isRetryable: false }],
    ['feishu', '{"code":11232,"msg":"frequency limited"}', { reason: 'errcode-11232', isRetryable: true }],
    ['feishu', '<html>log in first</html>', { reason: 'bad-answer', isRetryable: false }],
    ['wecom', '{}', { reason: 'bad-answer', isRetryable: false }],
  ])('%s that answers 200 with %s', async (kind, text, failure) => {
    const error = await failureOf(kind, answer(200, text));
    if (failure === undefined) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ code: 'ERR_HEALTH_DELIVERY', ...failure });
  });

  test('an endless answer is not read to its end', async () => {
    const endless = answerForever();
    expect(await failureOf('webhook', endless.answer)).toBeUndefined();
    await endless.isClosed;
  });
});

/** Writes until the other side has had enough. */
function answerForever() {
  const { promise: isClosed, resolve } = Promise.withResolvers<void>();
  return {
    isClosed,
    answer: (response: ServerResponse) => {
      const more = () => {
        while (response.write('x'.repeat(16_384)));
      };
      response.writeHead(200).on('drain', more).on('close', resolve);
      more();
    },
  };
}

describe.each<HttpConfig['kind']>(['webhook', 'slack', 'dingtalk', 'feishu', 'wecom'])('%s keeps the promises of a channel', (kind) => {
  test.each(
    channelConformance(async () => {
      const service = await httpReceiver(answer(200, '{"errcode":0,"code":0}'));
      const url = `${service.url}/hook?access_token=hunter2`;
      const answers = { take: service.answer, busy: answer(503, ''), refuse: answer(403, 'token hunter2 is bad'), hang: () => {} };
      return {
        channel: createChannel({ kind, name: 'ops', url, ...(kind === 'slack' || kind === 'wecom' ? {} : { secret: 'hunter3' }) }),
        behave: (how) => {
          service.answer = answers[how];
        },
        received: () => service.received.map(({ body }) => body),
        secrets: ['hunter2', 'hunter3', service.url],
        dispose: async () => service[Symbol.asyncDispose](),
      };
    }),
  )('$name', ({ run }) => run());
});

test.each<[Partial<Record<string, unknown>>, string]>([
  [{ url: 'ftp://token@x/' }, 'channel.url'],
  [{ url: 'token' }, 'channel.url'],
  [{ name: 'a b' }, 'channel.name'],
  [{ kind: 'slak' }, 'channel.kind'],
  [{ tokn: 'token' }, 'channel'],
  [{ kind: 'email', url: 'smtp://u:token@mail', from: 'a@b.example', to: ['ops@b.example'] }, 'mailTransport'],
])('a channel that is written down wrongly is refused by the name of the field: %j', (wrong, field) => {
  const make = () => createChannel({ kind: 'slack', name: 'ops', url: 'https://hooks.slack.com/token', ...wrong });
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_HEALTH_OPTIONS', message: expect.stringContaining(field) }));
  expect(make).not.toThrow(/token/);
});
