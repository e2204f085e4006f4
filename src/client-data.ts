/**
 * What a program gives a client to send and gets from it, as octets: strings stay strings, binary comes and goes in the
 * types that browsers have for it (WHATWG WebSockets §3). Called by client.ts for each message.
 */

/** The data of a binary message, by the client's `binaryType`. */
export interface BinaryData {
  /** Of exactly the message's length; a copy where the message came together with other frames. */
  readonly arraybuffer: ArrayBuffer;
  readonly blob: Blob;
  /** Perhaps a view of a larger buffer: no copy. */
  readonly uint8array: Uint8Array;
}

/** What binary messages are handed out as. */
export type BinaryType = keyof BinaryData;

const conversions: { readonly [Type in BinaryType]: (octets: Uint8Array) => BinaryData[Type] } = {
  arraybuffer(octets) {
    const { buffer } = octets;
    const whole = buffer instanceof ArrayBuffer && buffer.byteLength === octets.byteLength;
    return whole ? buffer : new Uint8Array(octets).buffer;
  },
  blob: (octets) => new Blob([octets]),
  uint8array: (octets) => octets,
};

/** Whether binary messages can be handed out so. */
export function isBinaryType(value: unknown): value is BinaryType {
  return typeof value === 'string' && Object.hasOwn(conversions, value);
}

/** The octets of a message as that type. They are handed on: the caller does not use them again. */
export function binaryData<Type extends BinaryType>(type: Type, octets: Uint8Array): BinaryData[Type] {
  return conversions[type](octets);
}

/**
 * The octets of what is sent, not copied.
 * @throws TypeError for what has none. A Blob is refused: its octets are to be had only later, when messages that were
 *   sent after it would have gone before it.
 */
export function messageOctets(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw new TypeError('A message is a string, an ArrayBuffer or a view of one.');
}
