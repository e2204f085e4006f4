/**
 * The other end of the checks: barewire servers with the options that the checks ask for, the raw endpoint, and the
 * page itself, all on loopback and free ports. Started by run.ts for each browser.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import type { UpgradeRequest } from '../../src/handshake.ts';
import type { Clock, ServerOptions } from '../../src/options.ts';
import { createServer, type Server } from '../../src/server.ts';
import type { WebSocket } from '../../src/socket.ts';
import type { UpgradeDecision } from '../../src/upgrade-decision.ts';
import type { Account, Addresses } from './account.ts';
import { bundlePage } from './page-bundle.ts';
import { createRawEndpoint } from './raw-endpoint.ts';

export interface Endpoints {
  /** The address of the page. */
  readonly url: string;
  stop(): Promise<void>;
}

/** What a socket remembers of its request, and what came. */
interface Data {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly pongs: string[];
  messages: number;
}

const host = '127.0.0.1';
const maxMessageLength = 16 * 1024 * 1024;

/** The servers besides `main`, by the names that the checks use, and what each is told. */
const variants: Readonly<Record<string, ServerOptions>> = {
  limited: { maxMessageLength: 1000 },
  deflate: { deflate: { threshold: 0 } },
  'deflate-server-fresh': { deflate: { threshold: 0, serverNoContextTakeover: true } },
  'deflate-client-fresh': { deflate: { threshold: 0, clientNoContextTakeover: true } },
  'deflate-both-fresh': {
    deflate: { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  },
  'deflate-window-9': { deflate: { threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 15 } },
  'deflate-client-window-9': { deflate: { threshold: 0, serverMaxWindowBits: 15, clientMaxWindowBits: 9 } },
  'deflate-window-15': { deflate: { threshold: 0, serverMaxWindowBits: 15, clientMaxWindowBits: 15 } },
  'deflate-limited': { deflate: { threshold: 0 }, maxMessageLength: 1000 },
};

/** Starts everything. */
export async function startEndpoints(): Promise<Endpoints> {
  const script = await bundlePage();
  const accounts = new Accounts();
  const clock = new HurriedClock();
  const addresses: Record<string, string> = {};
  const servers: Server<Data>[] = [];

  const handle = (options: ServerOptions): Server<Data> => {
    const server = createServer<Data>(
      {
        upgrade,
        open: greet,
        message: (socket, message) => answer(socket, message, clock),
        pong(socket, payload) {
          const text = Buffer.from(payload).toString('latin1');
          socket.data.pongs.push(text);
          if (socket.data.path === '/ping') socket.send(`pong ${text}`);
          if (socket.data.path === '/beat') socket.send(String(socket.roundTripTime));
        },
        close(socket, { code, reason, lastFrames }) {
          accounts.tell(socket.data.query.get('account') ?? '', {
            code,
            reason,
            extensions: socket.extensions,
            messagesReceived: socket.data.messages,
            pongs: socket.data.pongs,
            frames: lastFrames,
          });
        },
      },
      { host, maxMessageLength, maxBufferedAmount: 4 * maxMessageLength, ...options },
    );
    servers.push(server);
    return server;
  };
  const http = (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    respond(request, response, { script, addresses: { servers: addresses }, accounts });
  const start = async (name: string, options: ServerOptions): Promise<string> => {
    const { port } = await handle(options).listen();
    addresses[name] = `ws://${host}:${port}`;
    return `http://${host}:${port}`;
  };

  const origin = await start('main', { http });
  // Its policy is the default, and the page comes from another port.
  await start('foreign', {});
  await start('heartbeat', { allowedOrigins: [origin], clock });
  for (const [name, options] of Object.entries(variants)) {
    await start(name, { allowedOrigins: [origin], ...options });
  }
  const raw = createRawEndpoint((account, seen) => accounts.tell(account, seen));
  addresses.raw = `ws://${host}:${await listen(raw)}`;
  // A port that is taken on one address of this machine, so that nobody can come to listen on it on the other.
  addresses.nobody = addresses.main?.replace(host, '127.0.0.2') ?? '';

  return {
    url: `${origin}/`,
    stop: async () => {
      await Promise.all(servers.map((server) => server.close()));
      await new Promise<void>((resolve) => raw.close(() => resolve()));
    },
  };
}

function upgrade(request: UpgradeRequest): UpgradeDecision<Data> {
  const { path, query } = request;
  if (path === '/refuse') {
    return { refuse: Number(query.get('status')), explanation: 'This endpoint refuses everybody.' };
  }
  return {
    data: { path, query, pongs: [], messages: 0 },
    protocol: query.get('protocol') ?? undefined,
  };
}

/** What an endpoint says unasked, right behind the 101. */
function greet(socket: WebSocket<Data>): void {
  const { target, headers } = socket.request;
  if (socket.data.path.startsWith('/fields')) {
    socket.send(JSON.stringify({ target, headers: Object.fromEntries(headers) }));
  } else if (socket.data.path === '/greet') {
    socket.send('first');
    socket.send(Uint8Array.of(2));
    socket.send('third');
  }
}

function answer(socket: WebSocket<Data>, message: string | Uint8Array, clock: HurriedClock): void {
  const { path, query } = socket.data;
  socket.data.messages++;
  switch (path) {
    case '/close': {
      const code = query.get('code');
      socket.close(code === null ? undefined : Number(code), query.get('reason') ?? undefined);
      break;
    }
    case '/cut':
      socket.terminate();
      break;
    case '/ping':
      socket.ping(Buffer.from(message));
      break;
    case '/beat':
      clock.hurry();
      break;
    case '/flood':
      for (let index = 0; index < 1000; index++) socket.send(`message ${index}`);
      break;
    case '/silent':
      // It counts, and answers a text only.
      if (typeof message === 'string') socket.send(String(socket.data.messages));
      break;
    default:
      socket.send(message);
  }
}

/** What is known of each connection once it is over, for whoever asks, before or after. */
class Accounts {
  readonly #known = new Map<string, Account>();
  readonly #asking = new Map<string, (seen: Account) => void>();

  tell(account: string, seen: Account): void {
    this.#known.set(account, seen);
    this.#asking.get(account)?.(seen);
  }

  get(account: string): Promise<Account> {
    const known = this.#known.get(account);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => this.#asking.set(account, resolve));
  }
}

/** The real time, which leaps over one ping interval when it is asked to: nobody has to wait for a Ping. */
class HurriedClock implements Clock {
  readonly #callbacks = new Set<() => void>();
  #leapt = 0;

  now(): number {
    return performance.now() + this.#leapt;
  }

  every(_milliseconds: number, callback: () => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  hurry(): void {
    this.#leapt += 60_000;
    for (const callback of this.#callbacks) callback();
  }
}

interface Site {
  readonly script: string;
  readonly addresses: Addresses;
  readonly accounts: Accounts;
}

const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>barewire: browser checks</title>
<link rel="icon" href="data:,">
<script type="module" src="/page.js"></script>
</html>
`;

const cookies = [
  'open=1; Path=/; SameSite=Lax',
  'hidden=1; Path=/; SameSite=Strict; HttpOnly',
  'elsewhere=1; Path=/fields/here; SameSite=Lax',
  'secure=1; Path=/; SameSite=Lax; Secure',
];

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { script, addresses, accounts }: Site,
): Promise<void> {
  const path = request.url ?? '/';
  const send = (type: string, body: string, status = 200): void => {
    response.writeHead(status, { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-store' });
    response.end(body);
  };
  if (path === '/') {
    response.setHeader('Set-Cookie', cookies);
    send('text/html', html);
  } else if (path === '/page.js') {
    send('text/javascript', script);
  } else if (path === '/suite.json') {
    send('application/json', JSON.stringify(addresses));
  } else if (path.startsWith('/account/')) {
    send('application/json', JSON.stringify(await accounts.get(path.slice('/account/'.length))));
  } else {
    send('text/plain', 'There is nothing here.\n', 404);
  }
}

function listen(server: TcpServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => resolve((server.address() as AddressInfo).port));
  });
}
