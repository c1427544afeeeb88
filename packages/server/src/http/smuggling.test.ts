import { describe, expect, test } from 'vitest';
import { statuses } from './testing/raw.ts';
import { last, own, rawAttack } from './testing/raw-attack.ts';

const { send, expectRefused } = rawAttack();

describe('a request behind another is not smuggled in', () => {
  const body = '{"name":"a"}';
  const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  /** What a proxy in front took for a part of the body. */
  const hidden = `DELETE /api/v1/games/fake/players/1 HTTP/1.1\r\n${own}${last}\r\n`;
  const post = (headers: string, sent: string, version = '1.1'): Promise<string> =>
    send(`POST /api/v1/games/fake/players HTTP/${version}\r\n${own}Content-Type: application/json\r\n${headers}\r\n${sent}${hidden}`);

  test('what is no attack is answered, both requests of it', async () => {
    expect(statuses(await post('Transfer-Encoding: chunked\r\n', chunked))).toEqual(['201', '200']);
    expect(statuses(await post(`Content-Length: ${body.length}\r\n`, body))).toEqual(['201', '200']);
  });

  test.each([
    ['CL.TE: a length before chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', chunked],
    ['TE.CL: chunks before a length', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', chunked],
    ['TE.TE: an unknown coding', 'Transfer-Encoding: xchunked\r\n', chunked],
    ['TE.TE: an unknown coding beside chunked', 'Transfer-Encoding: gzip, chunked\r\n', chunked],
    ['TE.TE: identity beside chunked', 'Transfer-Encoding: identity, chunked\r\n', chunked],
    ['TE.TE: chunked that is not the last', 'Transfer-Encoding: chunked, identity\r\n', chunked],
    ['TE.TE: two headers', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', chunked],
    ['TE.TE: chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', chunked],
    ['TE.TE: a vertical tab before the coding', 'Transfer-Encoding: \u000Bchunked\r\n', chunked],
    ['TE.TE: a space before the colon', 'Transfer-Encoding : chunked\r\n', chunked],
    ['TE.TE: a folded line', 'Transfer-Encoding:\r\n chunked\r\n', chunked],
    ['CL: two that differ', 'Content-Length: 12\r\nContent-Length: 0\r\n', body],
    ['CL: two that agree', 'Content-Length: 12\r\nContent-Length: 12\r\n', body],
    ['CL: a list', 'Content-Length: 12, 12\r\n', body],
    ['CL: a plus sign', 'Content-Length: +12\r\n', body],
    ['CL: a minus sign', 'Content-Length: -12\r\n', body],
    ['CL: in hex', 'Content-Length: 0xc\r\n', body],
    ['CL: a space inside', 'Content-Length: 1 2\r\n', body],
    ['CL: above 64 bits', 'Content-Length: 18446744073709551628\r\n', body],
    ['CL: empty', 'Content-Length: \r\n', body],
    ['a line that ends in LF alone', 'Content-Length: 12\nX: y\r\n', body],
    ['a CR inside a value', 'X: y\rContent-Length: 12\r\n', body],
    ['a NUL inside a value', 'X: y\u0000z\r\nContent-Length: 12\r\n', body],
  ])('%s', async (_name, headers, sent) => {
    expectRefused(await post(headers, sent));
  });

  test('chunks in HTTP/1.0', async () => {
    expectRefused(await post('Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n', chunked, '1.0'));
  });

  test.each([
    ['a size with 0x', `0xc\r\n${body}\r\n0\r\n\r\n`],
    ['a negative size', `-c\r\n${body}\r\n0\r\n\r\n`],
    ['a size above 64 bits', `1000000000000000c\r\n${body}\r\n0\r\n\r\n`],
    ['a size and a space', `c \r\n${body}\r\n0\r\n\r\n`],
    ['no size', `\r\n${body}\r\n0\r\n\r\n`],
    ['lines that end in LF alone', `c\n${body}\n0\n\n`],
    ['an LF in an extension', `c;a\nb\r\n${body}\r\n0\r\n\r\n`],
    ['no line end behind a chunk', `c\r\n${body}0\r\n\r\n`],
    ['a chunk longer than its size', `c\r\n${body}XX\r\n0\r\n\r\n`],
    ['a length in the trailer', `c\r\n${body}\r\n0\r\nContent-Length: 5\r\n\r\n`],
  ])('bad chunks: %s', async (_name, sent) => {
    expectRefused(await post('Transfer-Encoding: chunked\r\n', sent));
  });

  test('bad chunks: 20,000 characters of extension', async () => {
    expectRefused(await post('Transfer-Encoding: chunked\r\n', `c;${'a'.repeat(20_000)}\r\n${body}\r\n0\r\n\r\n`), '413');
  });

  test('a credential in the trailer is none', async () => {
    const answer = await send(
      `POST /api/v1/games/fake/players HTTP/1.1\r\nHost: x\r\n${last}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n${body}\r\n0\r\nX-API-Key: server\r\n\r\n`,
    );
    expect(statuses(answer)).toEqual(['401']);
  });
});
