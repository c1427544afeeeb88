import { slackText } from './escape.ts';
import type { HttpFormat } from './http-channel.ts';
import { fitted, messageOf, type Wording } from './message.ts';

/** Where a message to Slack goes, and how it is worded. */
export interface SlackTarget extends Wording {
  /** Of an incoming webhook; it is a secret. */
  readonly url: string;
}

/** A section takes 3000 characters; counted in bytes, so that it is never more. */
const maxBytes = 3000;

/**
 * Slack's incoming webhooks: one section of mrkdwn. `verbatim` keeps Slack from making links and mentions out of plain words.
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 */
export function slackFormat({ url, ...wording }: SlackTarget): HttpFormat {
  return {
    kind: 'slack',
    compose(notification) {
      const { title, lines } = messageOf(notification, wording, slackText);
      const text = fitted(
        `*${title}*`,
        lines.map((line) => `• ${line}`),
        maxBytes,
      );
      return { url, body: JSON.stringify({ text: title, blocks: [{ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }] }) };
    },
  };
}
