import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Reply } from './reply.ts';

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Midgard API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

// A file of its own, because the policy below allows no inline script. The validator is off: it is a service elsewhere.
const start = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
});
`;

// Swagger UI sets inline styles and draws its icons from data URLs; everything else comes from here alone.
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

const scriptType = 'application/javascript; charset=utf-8';

/** What stands below `/docs/`; a file without text of its own comes from swagger-ui-dist. */
const assets: ReadonlyMap<string, { readonly type: string; readonly text?: string }> = new Map([
  ['start.js', { type: scriptType, text: start }],
  ['swagger-ui-bundle.js', { type: scriptType }],
  ['swagger-ui.css', { type: 'text/css; charset=utf-8' }],
  ['favicon-32x32.png', { type: 'image/png' }],
]);

const loaded = new Map<string, Reply>();

/** The page at `/docs`: Swagger UI on `/openapi.json`, with nothing from another host. */
export function docsPage(): Reply {
  return {
    status: 200,
    body: page,
    headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy, 'Cache-Control': 'no-cache' },
  };
}

/**
 * A file of the page, read from disk at the first request for it (most servers never show the page).
 *
 * @param name the part behind `/docs/`
 * @returns undefined for a name that is not on the list; nothing else of the disk can be reached
 */
export function docsAsset(name: string): Reply | undefined {
  const asset = assets.get(name);
  if (asset === undefined) return undefined;
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const body = asset.text ?? readFileSync(createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`));
  const tag = createHash('sha256').update(body).digest('base64url').slice(0, 22);
  const reply: Reply = { status: 200, body, headers: { 'Content-Type': asset.type, 'Cache-Control': 'no-cache', ETag: `"${tag}"` } };
  loaded.set(name, reply);
  return reply;
}
