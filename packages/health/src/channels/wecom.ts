import { refusalByCode } from './answer-code.ts';
import { chatMarkdown } from './escape.ts';
import type { HttpFormat } from './http-channel.ts';
import { fitted, messageOf, type Wording } from './message.ts';

/** Where a message to WeCom goes, and how it is worded. */
export interface WeComTarget extends Wording {
  /** Of a group robot, with its key; it is a secret. */
  readonly url: string;
}

/** Of the content, in UTF-8; what is longer is refused as a whole. */
const maxBytes = 4096;
/** Busy, and more than 20 messages within a minute. */
const codes = { fields: ['errcode'], retryable: new Set([-1, 45_009, 45_033]) };

/**
 * WeCom's group robot: markdown.
 *
 * @see https://developer.work.weixin.qq.com/document/path/91770
 */
export function weComFormat({ url, ...wording }: WeComTarget): HttpFormat {
  return {
    kind: 'wecom',
    compose(notification) {
      const { title, lines } = messageOf(notification, wording, chatMarkdown);
      const content = fitted(
        `### ${title}`,
        lines.map((line) => `> ${line}`),
        maxBytes,
      );
      return { url, body: JSON.stringify({ msgtype: 'markdown', markdown: { content } }) };
    },
    refusal: (answer) => refusalByCode(answer, codes),
  };
}
