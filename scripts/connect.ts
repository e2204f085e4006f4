// `npm run connect -- URL`: a WebSocket at the command line. Each line of input is a message; lines that begin with a slash
// are commands (`/help`). What comes is printed with an arrow, and at the end why it ended, with the last frames. For trying
// servers by hand, and in scripts: it ends with 0 when the WebSocket was closed cleanly, 1 when not, 2 for a wrong call.
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type CloseRecord, type ConnectOptions, connect, type FrameNote } from '../src/index.ts';

const usage = `Usage: npm run connect -- URL [options]

  --protocol NAME     offer this subprotocol; repeat it for more, the best liked first
  --header 'N: VALUE' send this field with the request; repeat it for more
  --origin ORIGIN     send this Origin
  --no-deflate        offer no compression
  --insecure          take any certificate

Each line of input is sent as a text message. Commands:
  /ping [TEXT]           send a Ping
  /binary HEX            send octets, as in /binary 00 ff 10
  /close [CODE [REASON]] start the closing handshake
  /help                  this
  //TEXT                 send a message that begins with a slash
The end of input closes too, once nothing has come for a second.`;

const opcodes: Readonly<Record<number, string>> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};

function fail(sentence: string): never {
  console.error(`${sentence}\n\n${usage}`);
  process.exit(2);
}

function readCall(): { url: string; options: ConnectOptions } {
  const { values, positionals } = parseCall();
  const [url, ...others] = positionals;
  if (values.help === true) {
    console.log(usage);
    process.exit(0);
  }
  if (url === undefined || others.length > 0) fail('Name one address, as ws://127.0.0.1:8080/chat.');
  const headers = Object.fromEntries(
    (values.header ?? []).map((line) => {
      const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined
        ? fail(`--header is ${JSON.stringify(line)}; it takes 'Name: value'.`)
        : [name, value];
    }),
  );
  return {
    url,
    options: {
      protocols: values.protocol ?? [],
      headers,
      origin: values.origin,
      deflate: values['no-deflate'] !== true,
      binaryType: 'uint8array',
      tls: values.insecure === true ? { rejectUnauthorized: false } : {},
    },
  };
}

function parseCall() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        protocol: { type: 'string', multiple: true },
        header: { type: 'string', multiple: true },
        origin: { type: 'string' },
        'no-deflate': { type: 'boolean' },
        insecure: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function open({ url, options }: ReturnType<typeof readCall>) {
  try {
    return connect(url, { ...options, binaryType: 'uint8array' });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const socket = open(readCall());
const text = (octets: Uint8Array): string => new TextDecoder().decode(octets);
const hex = (octets: Uint8Array): string =>
  Buffer.from(octets)
    .toString('hex')
    .replaceAll(/..(?=.)/g, '$& ');

function note({ direction, opcode, fin, rsv1, payloadLength }: FrameNote): string {
  const marks = `${rsv1 ? ', compressed' : ''}${fin ? '' : ', more follows'}`;
  return `${direction === 'in' ? '<' : '>'} ${opcodes[opcode] ?? `opcode ${opcode}`} ${payloadLength}${marks}`;
}

function tellEnd(record: CloseRecord): void {
  const { code, reason, explanation, section, octetsReceived, octetsSent, lastFrames } = record;
  console.log(`* closed: ${code}${reason === '' ? '' : ` ${reason}`}`);
  console.log(`* ${explanation}${section === undefined ? '' : ` (${section})`}`);
  if (octetsReceived + octetsSent === 0) return;
  console.log(`* ${octetsReceived} octets came, ${octetsSent} went; the last frames:`);
  for (const frame of lastFrames) console.log(`*   ${note(frame)}`);
}

/** A command, or a message. @throws RangeError, TypeError for what cannot be sent */
function carryOut(line: string): void {
  const [, command = '', rest = ''] = /^\/([a-z]+) ?(.*)$/.exec(line) ?? [];
  if (line.startsWith('//')) socket.send(line.slice(1));
  else if (!line.startsWith('/')) socket.send(line);
  else if (command === 'ping') socket.ping(new TextEncoder().encode(rest));
  else if (command === 'binary') socket.send(octetsOf(rest));
  else if (command === 'close') close(rest);
  else if (command === 'help') console.log(usage);
  else console.error(`* ${line} is no command; /help lists them.`);
}

function octetsOf(digits: string): Uint8Array {
  const compact = digits.replaceAll(' ', '');
  if (!/^(?:[\da-f]{2})*$/i.test(compact)) throw new TypeError('/binary takes pairs of hexadecimal digits.');
  return Uint8Array.from(Buffer.from(compact, 'hex'));
}

function close(words: string): void {
  const [, code, reason] = /^(\d+)(?: (.*))?$/.exec(words) ?? [];
  if (words !== '' && code === undefined) throw new TypeError('/close takes a number, and then a reason.');
  socket.close(code === undefined ? undefined : Number(code), reason);
}

socket.addEventListener('message', ({ data }) => {
  console.log(typeof data === 'string' ? `< ${data}` : `< [${data.length}] ${hex(data)}`);
});
socket.addEventListener('ping', ({ data }) => console.log(`< ping ${text(data)}`.trimEnd()));
socket.addEventListener('pong', ({ data }) => console.log(`< pong ${text(data)}`.trimEnd()));

const input = createInterface({ input: process.stdin });

function receiveLine(line: string): void {
  try {
    carryOut(line);
  } catch (error) {
    console.error(`* ${error instanceof Error ? error.message : String(error)}`);
  }
}

// Nothing is sent before it is open, so what is typed or piped until then waits in the stream.
input.pause();
input.on('close', () => {
  // Answers to what was piped in are still under way.
  const quiet = setTimeout(() => socket.close(1000), 1000);
  socket.addEventListener('message', () => quiet.refresh());
  socket.addEventListener('close', () => clearTimeout(quiet));
});
socket.addEventListener('open', () => {
  console.log(`* open: ${socket.url}`);
  if (socket.protocol !== '') console.log(`* subprotocol: ${socket.protocol}`);
  if (socket.extensions !== '') console.log(`* extensions: ${socket.extensions}`);
  input.on('line', receiveLine);
  input.resume();
});
socket.addEventListener('close', ({ record }) => {
  tellEnd(record);
  process.exitCode = record.wasClean ? 0 : 1;
  input.removeAllListeners('close');
  input.close();
  process.stdin.destroy();
});
