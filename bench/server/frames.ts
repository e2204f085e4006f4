/**
 * Frames (RFC 6455 §5.2) and payloads as the generator sends and expects them. Written apart from src/ on purpose: what
 * checks a server shares no code with it, so a mistake that is made in both directions there does not pass here.
 */

export const Opcode = { text: 0x1, binary: 0x2, close: 0x8 } as const;

/** RSV1: the message is compressed (RFC 7692 §6). */
export const rsv1 = 0x40;

function head(opcode: number, length: number, masked: boolean): Buffer {
  const maskBit = masked ? 0x80 : 0;
  if (length < 126) return Buffer.from([0x80 | opcode, maskBit | length]);
  if (length < 65_536) {
    const octets = Buffer.from([0x80 | opcode, maskBit | 126, 0, 0]);
    octets.writeUInt16BE(length, 2);
    return octets;
  }
  const octets = Buffer.alloc(10);
  octets[0] = 0x80 | opcode;
  octets[1] = maskBit | 127;
  octets.writeBigUInt64BE(BigInt(length), 2);
  return octets;
}

/** A client's frame, whole. `opcode` may have RSV1 in it. */
export function maskedFrame(opcode: number, payload: Buffer, key: Buffer): Buffer {
  const masked = Buffer.allocUnsafe(payload.length);
  for (let index = 0; index < payload.length; index++) {
    masked[index] = (payload[index] ?? 0) ^ (key[index & 3] ?? 0);
  }
  return Buffer.concat([head(opcode, payload.length, true), key, masked]);
}

/** A server's frame, whole, in the shortest form, as §5.2 wants it. */
export function serverFrame(opcode: number, payload: Buffer): Buffer {
  return Buffer.concat([head(opcode, payload.length, false), payload]);
}

/** Octets of a server's frame with a payload of that length. */
export function serverFrameLength(payloadLength: number): number {
  return payloadLength + (payloadLength < 126 ? 2 : payloadLength < 65_536 ? 4 : 10);
}

/** Octets of a client's frame with a payload of that length. */
export function clientFrameLength(payloadLength: number): number {
  return serverFrameLength(payloadLength) + 4;
}

/** Numbers from 0 to below 2^32, the same for the same seed (xorshift, 32 bits). */
export function randomNumbers(seed: number): () => number {
  let state = (Math.imul(seed + 1, 0x9e3779b1) | 1) >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

/** A masking key of its own for each connection. */
export function maskingKey(seed: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(randomNumbers(seed ^ 0x5ca1ab1e)());
  return key;
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ,0123456789.';

/** ASCII that needs no escape in JSON and is another for each seed. */
export function asciiPayload(length: number, seed: number): Buffer {
  const random = randomNumbers(seed);
  const block = Buffer.alloc(Math.min(length, 4093));
  for (let index = 0; index < block.length; index++) {
    block[index] = alphabet.charCodeAt(random() % alphabet.length);
  }
  const payload = Buffer.alloc(length);
  if (block.length > 0) payload.fill(block);
  return payload;
}

/** Octets of every value, not UTF-8, another for each seed. */
export function binaryPayload(length: number, seed: number): Buffer {
  const random = randomNumbers(seed);
  const block = Buffer.alloc(Math.min(length, 4093));
  for (let index = 0; index < block.length; index++) block[index] = random() & 0xff;
  const payload = Buffer.alloc(length);
  if (block.length > 0) payload.fill(block);
  return payload;
}

const words = (
  'the of and to in is you that it he was for on are as with his they at be this have from or one had by word but not ' +
  'what all were we when your can said there use an each which she do how their if will up other about out many then ' +
  'them these so some her would make like him into time has look two more write go see number no way could people my ' +
  'than first water been call who oil its now find long down day did get come made may part over new sound take only ' +
  'little work know place year live me back give most very after thing our just name good sentence man think say great'
).split(' ');
const names = [
  'Ada',
  'Grace',
  'Alan',
  'Edsger',
  'Barbara',
  'Donald',
  'Radia',
  'Vint',
  'Lynn',
  'Ken',
  'Margaret',
];

/**
 * What happened in a chat room, as JSON of exactly that length (at least 300): short messages, each with its author, its
 * place and its time, which go on from seed to seed.
 */
export function jsonPayload(length: number, seed: number): Buffer {
  const random = randomNumbers(seed);
  const events: string[] = [];
  let time = 1_767_225_610_000 + seed * 30_000;
  const wrap = (inner: string): string => `{"room":"general","events":[${inner}]}`;
  const event = (text: string): string => {
    time += 200 + (random() % 5000);
    const author = random() % names.length;
    const offset = 48_000 + seed * 8 + events.length;
    return `{"event":"message:new","offset":${offset},"time":${time},"author":{"id":"u${1000 + author}","name":"${names[author]}"},"text":"${text}"}`;
  };
  const sentence = (count: number): string =>
    Array.from({ length: count }, () => words[random() % words.length]).join(' ');
  for (;;) {
    const next = event(sentence(2 + (random() % 6)));
    if (wrap([...events, next, event('')].join(',')).length > length) break;
    events.push(next);
  }
  const last = event('');
  const missing = length - wrap([...events, last].join(',')).length;
  const text = sentence(missing).slice(0, Math.max(0, missing)).padEnd(missing, '.');
  return Buffer.from(wrap([...events, last.replace('"text":""', `"text":"${text}"`)].join(',')), 'latin1');
}
