import { createHmac } from 'node:crypto';
import type { Notification } from '../alerts/notification.ts';
import { refusalByCode } from './answer-code.ts';
import { chatMarkdown } from './escape.ts';
import type { HttpFormat } from './http-channel.ts';
import { fitted, messageOf, type Wording, worstSeverity } from './message.ts';

/** Where a message to Feishu or Lark goes, and how it is worded. */
export interface FeishuTarget extends Wording {
  /** Of a custom bot; it is a secret. */
  readonly url: string;
  /** Where the bot asks for signatures. */
  readonly secret?: string | undefined;
}

/** The whole body may have 20 KiB. */
const maxBytes = 14_000;
/** Internal errors, and too many messages; old bots answer with the second name. */
const codes = { fields: ['code', 'StatusCode'], retryable: new Set([-1, 11_232]) };
const colours = { info: 'blue', warning: 'orange', critical: 'red' } as const;

/**
 * Feishu's custom bot: a card. The signature is odd but documented: the HMAC-SHA256 of nothing, whose key is the time and the secret.
 *
 * @see https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
 */
export function feishuFormat({ url, secret, ...wording }: FeishuTarget): HttpFormat {
  return {
    kind: 'feishu',
    compose: (notification, now) => ({
      url,
      body: JSON.stringify({ ...signature(secret, now), msg_type: 'interactive', card: cardOf(notification, wording) }),
    }),
    refusal: (answer) => refusalByCode(answer, codes),
  };
}

function signature(secret: string | undefined, now: number): object {
  if (secret === undefined) return {};
  const timestamp = String(Math.floor(now / 1000));
  return { timestamp, sign: createHmac('sha256', `${timestamp}\n${secret}`).digest('base64') };
}

function cardOf(notification: Notification, wording: Wording): object {
  const { title, lines } = messageOf(notification, wording, chatMarkdown);
  return {
    config: { wide_screen_mode: true },
    header: {
      title: { tag: 'plain_text', content: title },
      template: notification.status === 'resolved' ? 'green' : colours[worstSeverity(notification)],
    },
    elements: [{ tag: 'div', text: { tag: 'lark_md', content: fitted('', lines, maxBytes).trimStart() } }],
  };
}
