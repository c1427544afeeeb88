import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { freePort } from '@midgard/test-services';

/** nginx, where it is installed. */
export const nginxPath: string | undefined = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx', '/usr/local/bin/nginx'].find((file) =>
  existsSync(file),
);

/** A cache before the service, as a CDN is one: a real nginx that believes the service's headers and nothing else. */
export interface NginxCdn extends AsyncDisposable {
  readonly base: string;
}

/**
 * nginx of the free kind cannot purge by key; a request with `X-Refresh` fetches anew instead and replaces what was kept.
 * `stale-while-revalidate` and `stale-if-error` are taken from the answers, no directive of nginx adds to them.
 * Its worker would else be another user where nginx is started by root, and not get into the folder.
 */
const settings = (folder: string, port: number, servicePort: number): string => `
user ${userInfo().username}; daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 128; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/cache keys_zone=l3:1m inactive=1d use_temp_path=off;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${servicePort};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache l3;
      proxy_cache_revalidate on;
      proxy_cache_bypass $http_x_refresh;
      add_header X-Cache $upstream_cache_status always;
    }
  }
}
`;

/** Starts one on a free port. @param servicePort where the service listens, now or later */
export async function startNginxCdn(servicePort: number): Promise<NginxCdn> {
  const folder = mkdtempSync(path.join(tmpdir(), 'midgard-nginx-'));
  const port = await freePort();
  writeFileSync(path.join(folder, 'nginx.conf'), settings(folder, port, servicePort));
  const child = spawn(nginxPath ?? 'nginx', ['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-e', path.join(folder, 'error.log')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exit = once(child, 'exit');
  const base = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exit;
    rmSync(folder, { recursive: true });
  };
  while (!(await answers(base))) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { base, [Symbol.asyncDispose]: close };
}

/** The port on which a server listens. */
export function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('it does not listen on a port');
  return address.port;
}

function answers(base: string): Promise<boolean> {
  return fetch(base).then(
    async (response) => (await response.body?.cancel(), true),
    () => false,
  );
}
