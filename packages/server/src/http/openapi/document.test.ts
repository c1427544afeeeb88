import { Dispatcher } from '../../dispatcher.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpApp } from '../app.ts';
import { isSchema } from '../coercion.ts';
import { FakeGame } from '../testing/fake-game.ts';
import type { Fixture } from '../testing/fixture.ts';
import { fakeAuthenticator, startFixture } from '../testing/fixture.ts';

let fixture: Fixture;
let document: Record<string, unknown>;
beforeAll(async () => {
  fixture = await startFixture({
    metricsText: { contentTypes: { prometheus: 'text/plain', openmetrics: 'text/plain' }, scrape: () => Promise.resolve('') },
    jwks: () => ({ keys: [] }),
  });
  fixture.router.add(new FakeGame('other', 10));
  ({ body: document } = await fixture.ask('GET', '//openapi.json'));
});
afterAll(() => fixture.stop());

interface Described {
  readonly path: string;
  readonly method: string;
  readonly operation: Record<string, unknown>;
}

function described(): readonly Described[] {
  const { paths } = document;
  return Object.entries(isSchema(paths) ? paths : {}).flatMap(([path, item]) =>
    Object.entries(isSchema(item) ? item : {}).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation: isSchema(operation) ? operation : {},
    })),
  );
}

function walk(value: unknown, visit: (key: string, value: unknown) => void): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    visit(key, each);
    walk(each, visit);
  }
}

function at(pointer: string): unknown {
  return pointer
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (isSchema(value) ? value[key] : undefined), document);
}

/** What services of other makers have there, and our own paths written a little differently. */
const unnamed = [
  ' api api/v1 api/v1/ api/v1/games api/v1/games/ api/v1/games/fake api/v1/games/fake/ api/v2/whoami v1/whoami whoami batch',
  'admin console debug debug/pprof actuator actuator/env server-status status info env config trace heapdump graphql',
  'swagger.json openapi.yaml openapi docs/ docs/openapi.json favicon.ico index.html .env .git/config package.json .well-known/',
  '.well-known/openid-configuration .well-known/jwks metrics/ health/live livez/ LIVEZ Metrics',
].flatMap((line) => line.split(' '));

describe('the document', () => {
  test('is OpenAPI 3.1 with title, version and both ways to say who calls', () => {
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Midgard', version: '0.0.1' },
      components: { securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' }, bearer: { type: 'http', scheme: 'bearer' } } },
    });
  });

  test('every reference leads somewhere', () => {
    walk(document, (key, value) => {
      if (key === '$ref') expect(at(String(value)), String(value)).toBeDefined();
    });
  });

  test('operation ids are unique and every operation has an answer', () => {
    const ids = described().map(({ operation }) => operation['operationId']);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of described()) expect(Object.keys(isSchema(operation['responses']) ? operation['responses'] : {})).not.toEqual([]);
  });

  test('names of components have only the characters that they may have', () => {
    const { components } = document;
    for (const group of Object.values(isSchema(components) ? components : {})) {
      for (const name of Object.keys(isSchema(group) ? group : {})) expect(name).toMatch(/^[\w.-]+$/);
    }
  });

  test('path parameters and their declarations are the same', () => {
    for (const { path, operation } of described()) {
      const parameters = Array.isArray(operation['parameters']) ? operation['parameters'] : [];
      const declared = parameters.filter((each) => each.in === 'path').map((each) => each.name);
      expect(declared).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      for (const each of parameters.filter((parameter) => parameter.in === 'path'))
        expect(each).toMatchObject({ required: true, schema: { type: expect.any(String) } });
    }
  });

  test('every operation of every game is in it, and nothing else of a game', () => {
    const inDocument = described()
      .filter(({ path }) => path.startsWith('/api/v1/games/'))
      .map(({ operation }) => String(operation['operationId']));
    const served = fixture.router.routes().flatMap((game) => game.game.handler.operations.map(({ name }) => `${game.id}.${name}`));
    expect(inDocument).toHaveLength(served.length);
    expect(new Set(inDocument)).toEqual(new Set(served));
  });

  test('everything that it describes is served', async () => {
    for (const { path, method, operation } of described()) {
      if (path.endsWith('/slow')) continue;
      const filled = path.replaceAll(/\{\w+\}/g, '1');
      const { status, body } = await fixture.ask(method, `/${filled}`, method === 'GET' ? {} : { headers: { 'Content-Type': 'application/json' } });
      expect([404, 405].includes(status) && body['code'] === 2004, `${method} ${path}`).toBe(false);
      const declared = Object.keys(isSchema(operation['responses']) ? operation['responses'] : {});
      expect(declared, `${method} ${path}`).toContain(String(status));
    }
  });

  test('everything that is served is described', () => {
    const app = createHttpApp({ dispatcher: new Dispatcher({ router: fixture.router }), authenticator: fakeAuthenticator, version: '0.0.1' });
    // What stands below the games is held against their operations above; the page's files are not for programs.
    const apart = new Set(['/api/v1/games/*', '/docs/:file']);
    const routes = app.routes.map(({ path }) => path).filter((path) => !apart.has(path));
    expect(routes.length).toBeGreaterThan(5);
    const paths = new Set(described().map(({ path }) => path));
    expect(routes.filter((path) => !paths.has(path))).toEqual([]);
  });

  test.each(unnamed)('what it does not name is not there: /%s', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE']) expect((await fixture.ask(method, `//${path}`)).status, method).toBe(404);
  });

  test('shows fields where HTTP takes them: headers are no fields of a body', () => {
    const grant = described().find(({ operation }) => operation['operationId'] === 'fake.item.grant');
    expect(grant?.operation['parameters']).toContainEqual({ $ref: '#/components/parameters/IdempotencyRequired' });
    expect(at('#/components/schemas/fake.item.grant.input')).toMatchObject({ required: ['itemType', 'quantity'], additionalProperties: false });
    expect(Object.keys(Object(at('#/components/schemas/fake.item.grant.input')).properties)).toEqual(['itemType', 'quantity']);
  });

  test('tells of 304 and If-None-Match only where an answer has a version', () => {
    const telling = described().filter(({ operation }) => JSON.stringify(operation).includes('IfNoneMatch'));
    expect(telling.map(({ operation }) => operation['operationId'])).toEqual(['fake.player.get', 'fake.large.get', 'other.player.get', 'other.large.get']);
  });

  test('bounds that every number has are left out', () => {
    expect(at('#/components/schemas/fake.player.get.output/properties/version')).toEqual({ type: 'integer' });
  });

  test('a public operation needs no key, the others do', () => {
    for (const { operation } of described()) {
      if (operation['operationId'] === 'fake.auth.login') expect(operation['security']).toEqual([]);
      if (operation['operationId'] === 'fake.player.get') expect(operation['security']).toBeUndefined();
    }
  });

  test('is kept by its tag and follows the games', async () => {
    const first = await fixture.ask('GET', '//openapi.json');
    const tag = first.headers.get('etag') ?? '';
    expect((await fixture.ask('GET', '//openapi.json', { headers: { 'If-None-Match': tag } })).status).toBe(304);
    fixture.router.setEnabled('other', false);
    const second = await fixture.ask('GET', '//openapi.json', { headers: { 'If-None-Match': tag } });
    expect(second.status).toBe(200);
    expect(second.text).not.toContain('/api/v1/games/other/');
    fixture.router.setEnabled('other', true);
  });
});

describe('the page', () => {
  test('has a title, loads only what is served here, and has no inline script', async () => {
    const page = await fixture.ask('GET', '//docs');
    expect(page.text).toContain('<title>Midgard API</title>');
    expect(page.text).not.toMatch(/https?:|<script>|\bon\w+=|style=/);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self';/);
    expect(page.headers.get('content-security-policy')).not.toContain('script-src');
    for (const [, path = ''] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const asset = await fixture.ask('GET', `/${path}`);
      expect(asset.status, path).toBe(200);
      expect(asset.headers.get('content-type')).toMatch(/javascript|css|png/);
      expect((await fixture.ask('GET', `/${path}`, { headers: { 'If-None-Match': asset.headers.get('etag') ?? '' } })).status).toBe(304);
    }
  });

  test.each(['package.json', '..%2fpackage.json', '%2e%2e/package.json', 'index.html', 'absolute-path.js', 'x/y'])('no other file: %s', async (name) => {
    expect((await fixture.ask('GET', `//docs/${name}`)).status).toBe(404);
  });
});
