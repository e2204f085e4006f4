/**
 * Bun's WebSocket client, by commands: reads one a line, writes one report a line, both JSON. Run with Bun by
 * remote-clients.ts, which says what they are.
 */
import { createInterface } from 'node:readline';
import type { Command, Report } from './remote-clients.ts';

/** What Bun has beyond the WHATWG interface. */
interface BunWebSocket extends WebSocket {
  ping(data: Uint8Array): void;
}

const sockets = new Map<number, WebSocket>();

function report(message: Report): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function open(command: Extract<Command, { do: 'open' }>): void {
  const { client, url, protocols } = command;
  const socket = new WebSocket(url, [...protocols]);
  socket.binaryType = 'arraybuffer';
  sockets.set(client, socket);
  let isOpen = false;
  socket.addEventListener('open', () => {
    isOpen = true;
    report({ client, is: 'open', protocol: socket.protocol, extensions: socket.extensions });
  });
  socket.addEventListener('message', ({ data }) => {
    if (data instanceof ArrayBuffer) report({ client, is: 'message', octets: base64(data) });
    else report({ client, is: 'message', text: String(data) });
  });
  socket.addEventListener('pong', (event) => {
    const data: unknown = 'data' in event ? event.data : undefined;
    report({ client, is: 'pong', octets: data instanceof ArrayBuffer ? base64(data) : '' });
  });
  socket.addEventListener('close', ({ code, reason }) => {
    if (isOpen) report({ client, is: 'closed', code, reason });
    else report({ client, is: 'refused', explanation: `closed with ${code} ${reason}` });
  });
}

const base64 = (data: ArrayBuffer): string => Buffer.from(data).toString('base64');

function isBuns(socket: WebSocket): socket is BunWebSocket {
  return 'ping' in socket;
}

function obey(command: Command): void {
  if (command.do === 'open') {
    open(command);
    return;
  }
  const socket = sockets.get(command.client);
  if (socket === undefined) throw new Error(`There is no client ${command.client}.`);
  if (command.do === 'send') {
    socket.send('text' in command ? command.text : Buffer.from(command.octets, 'base64'));
  } else if (command.do === 'close') {
    socket.close(command.code, command.reason);
  } else if (command.do === 'ping' && isBuns(socket)) {
    socket.ping(Buffer.from(command.octets, 'base64'));
  } else {
    throw new Error(`It cannot ${command.do}.`);
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const command: Command = JSON.parse(line);
  obey(command);
});
