import { createHmac } from 'node:crypto';
import { refusalByCode } from './answer-code.ts';
import { chatMarkdown } from './escape.ts';
import type { HttpFormat } from './http-channel.ts';
import { fitted, messageOf, type Wording } from './message.ts';

/** Where a message to DingTalk goes, and how it is worded. */
export interface DingTalkTarget extends Wording {
  /** Of a custom robot, with its access token; it is a secret. */
  readonly url: string;
  /** The one that begins with SEC, where the robot asks for signatures. */
  readonly secret?: string | undefined;
}

/** The whole body may have 20,000 bytes. */
const maxBytes = 16_000;
/** Busy, and too many messages within a minute. */
const codes = { fields: ['errcode'], retryable: new Set([-1, 130_101, 410_100]) };

/**
 * DingTalk's custom robot: markdown, which mentions nobody.
 *
 * @see https://open.dingtalk.com/document/robots/custom-robot-access and https://open.dingtalk.com/document/robots/customize-robot-security-settings
 */
export function dingTalkFormat({ url, secret, ...wording }: DingTalkTarget): HttpFormat {
  return {
    kind: 'dingtalk',
    compose(notification, now) {
      const { title, lines } = messageOf(notification, wording, chatMarkdown);
      const text = fitted(
        `### ${title}\n`,
        lines.map((line) => `- ${line}`),
        maxBytes,
      );
      const body = JSON.stringify({ msgtype: 'markdown', markdown: { title, text }, at: { isAtAll: false } });
      return { url: secret === undefined ? url : signedUrl(url, secret, now), body };
    },
    refusal: (answer) => refusalByCode(answer, codes),
  };
}

function signedUrl(url: string, secret: string, now: number): string {
  const timestamp = String(Math.floor(now));
  const signed = new URL(url);
  signed.searchParams.set('timestamp', timestamp);
  signed.searchParams.set('sign', createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64'));
  return signed.href;
}
