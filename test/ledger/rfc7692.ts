/**
 * The ledger of RFC 7692, Compression Extensions for WebSocket: each MUST and MUST NOT, each RECOMMENDED, and each "must"
 * in small letters that binds an implementation. See entry.ts for how to read it.
 */
import { kept, type Ledger, notApplicable, numbered, type Sections } from './entry.ts';

const must: Sections = {
  '§4': [
    notApplicable(
      'document',
      'A compression extension has a name, parameters, their meaning, and a way to transform messages.',
      'It binds who writes an extension; permessage-deflate is one that does.',
    ),
    notApplicable(
      'document',
      'It says which parameters the offer and the answer have to have.',
      'It binds who writes an extension; permessage-deflate asks for none.',
    ),
  ],
  '§5': [
    kept(
      'client',
      'To offer an extension, it names it in Sec-WebSocket-Extensions.',
      [
        'src/deflate-negotiation.ts#makeOffer',
        'src/handshake.ts#encodeUpgradeRequest',
        'src/client-handshake.ts#ClientHandshake',
      ],
      [
        'test/client.test.ts: sends the request of RFC 6455 §4.1, with a key of 16 octets that is new each time',
        'test/deflate-negotiation.test.ts: %j › permessage-deflate; client_max_window_bits',
      ],
    ),
    kept(
      'client',
      'In the offer it tells how large a window of the server’s it can take.',
      ['src/deflate-negotiation.ts#makeOffer'],
      [
        'test/deflate-negotiation.test.ts: %j › permessage-deflate; server_max_window_bits=9; client_max_window_bits',
        'test/deflate-negotiation.test.ts: refuses %s, %j › permessage-deflate; server_max_window_bits=13',
      ],
    ),
    kept(
      'server',
      'To accept an extension, it names it in Sec-WebSocket-Extensions.',
      ['src/deflate-negotiation.ts#acceptOffer', 'src/handshake.ts#encodeUpgradeReply'],
      [
        'test/conformance/deflate.ts: permessage-deflate',
        'test/conformance/deflate.ts: permessage-deflate; client_max_window_bits=12; server_max_window_bits=13; client_no_context_takeover; server_no_context_takeover',
      ],
    ),
    kept(
      'server',
      'What it answers with is something that it can do in full.',
      ['src/deflate-negotiation.ts#acceptOffer'],
      [
        'test/conformance/deflate.ts: usual server: permessage-deflate; server_max_window_bits=15; client_max_window_bits',
        'test/conformance/deflate.ts: the usual server, with context each way',
        'test/conformance/deflate.ts: the server keeps to 8 bits',
      ],
    ),
    kept(
      'server',
      'It accepts no extension besides that uses RSV1 as well.',
      ['src/upgrade-decision.ts#agree'],
      [
        'test/conformance/deflate.ts: x-webkit-deflate-frame, permessage-bzip2; level=9, permessage-deflate',
        'test/conformance/deflate.ts: permessage-deflate; server_max_window_bits=9, permessage-deflate; server_max_window_bits=12, permessage-deflate',
      ],
    ),
    kept(
      'client',
      'An answer with another extension that uses RSV1 fails it.',
      ['src/handshake.ts#checkUpgradeResponse', 'src/client-handshake.ts#ClientHandshake.#agree'],
      ['test/handshake.test.ts: fails for %s › an extension not offered'],
    ),
    kept(
      'server',
      'It accepts no extension before this one that needs its frames kept as they are.',
      ['src/upgrade-decision.ts#agree'],
      ['test/conformance/deflate.ts: x-webkit-deflate-frame, permessage-bzip2; level=9, permessage-deflate'],
    ),
    kept(
      'client',
      'An answer with such an extension fails it.',
      ['src/handshake.ts#checkUpgradeResponse', 'src/client-handshake.ts#ClientHandshake.#agree'],
      ['test/handshake.test.ts: fails for %s › an extension not offered'],
    ),
    kept(
      'server',
      'When it declines all offers, its answer names no such extension.',
      ['src/deflate-negotiation.ts#acceptOffer'],
      [
        'test/conformance/deflate.ts: permessage-bzip2',
        'test/conformance/deflate.ts: plain server: permessage-deflate',
        'test/conformance/deflate.ts: declined: server_max_window_bits=7',
      ],
    ),
    kept(
      'client',
      'An answer that is not valid, as one to no offer, fails it.',
      ['src/handshake.ts#checkUpgradeResponse', 'src/deflate-negotiation.ts#checkAnswer'],
      [
        'test/handshake.test.ts: fails for a choice where nothing was offered',
        'test/client-handshake.test.ts: with an extension, where none was offered',
        'test/client-handshake.test.ts: %s › with permessage-deflate twice',
      ],
    ),
    kept(
      'both',
      'Once it is accepted, messages are compressed and inflated with what was agreed on.',
      [
        'src/connection.ts#Connection.#sendCompressed',
        'src/decoder.ts#Decoder.#decompress',
        'src/connection.ts#windowsOf',
      ],
      [
        'test/conformance/deflate.ts: twenty messages alike, each way with context',
        'test/conformance/deflate.ts: twenty messages alike, each way without',
        'test/conformance/deflate.ts: the frugal server, which remembers nothing',
        "test/connection.test.ts: a … reads with the peer's window and refuses what is broken",
        'test/client-deflate.test.ts: keeps to %j',
      ],
    ),
  ],
  '§6.1': [
    kept(
      'both',
      'A compressed message is compressed as a whole, and has RSV1 on its first frame.',
      ['src/connection.ts#Connection.#sendCompressed', 'src/prepared-message.ts#PreparedMessage.#compress'],
      [
        'test/connection.test.ts: a … compresses text and binary, with context',
        'test/prepared-message.test.ts: is a frame with RSV1, the same object for the same window',
        'test/conformance/deflate.ts: zlib at level 6',
      ],
    ),
    kept(
      'both',
      'A message that is not compressed goes out as it is, without RSV1.',
      ['src/connection.ts#Connection.#sendCompressed', 'src/prepared-message.ts#PreparedMessage.#plain'],
      [
        'test/connection.test.ts: a … sends as they are: short ones, those that get no shorter, and what it is told to',
        'test/prepared-message.test.ts: below the threshold it stays as it is, and so does the window',
        'test/conformance/deflate.ts: under 64 octets the usual server does not compress, from 64 on it does',
        'test/conformance/deflate.ts: 65536 octets that do not become shorter, and come back as they are',
      ],
    ),
    kept(
      'both',
      'RSV1 does not stand on control frames, nor on a fragment that is not the first.',
      ['src/connection.ts#Connection.#append', 'src/connection.ts#Connection.#sendCompressed'],
      [
        'test/connection.test.ts: a Close, a Ping and a Pong are never compressed',
        'test/client-deflate.test.ts: sends Ping and Close as they are, and what is short',
      ],
    ),
    kept(
      'both',
      'RSV1 on such a frame fails the connection.',
      ['src/frame.ts#checkReservedBits'],
      [
        'test/frame.test.ts: each of the 65,536 pairs, from a client and from a server, … deflate',
        'test/conformance/deflate.ts: RSV1 on a Ping',
        'test/conformance/deflate.ts: RSV1 on a Close between compressed fragments',
        'test/conformance/deflate.ts: RSV1 on a continuation of a compressed message',
        'test/conformance/deflate.ts: RSV1 on a continuation of a plain message',
        'test/client-deflate.test.ts: refuses %s with %i › RSV1 on a continuation',
      ],
    ),
  ],
  '§6.2': [
    kept(
      'both',
      'The fragments of a compressed message are joined, inflated and handed out.',
      ['src/decoder.ts#Decoder.#takeMessage', 'src/decoder.ts#Decoder.#decompress'],
      [
        'test/decoder.test.ts: in fragments with control frames between, from a …',
        'test/conformance/deflate.ts: a fragment for each octet',
        'test/conformance/deflate.ts: one compressed block in fragments of 3 and 4 octets',
      ],
    ),
    kept(
      'both',
      'A message that is not compressed is handed out as it is.',
      ['src/decoder.ts#Decoder.#receiveWhole', 'src/decoder.ts#Decoder.#takeMessage'],
      [
        'test/decoder.test.ts: Hello and again Hello, text and binary, from a …',
        'test/conformance/deflate.ts: messages that are not compressed do not touch the window',
        'test/conformance/deflate.ts: a compressed and a plain message in fragments, one after the other',
      ],
    ),
  ],
  '§7': [
    kept(
      'server',
      'It declines an offer with an unknown, repeated or badly valued parameter, or one that it cannot keep.',
      ['src/deflate-negotiation.ts#acceptOffer', 'src/deflate-negotiation.ts#readParameters'],
      [
        'test/conformance/deflate.ts: declined: foo',
        'test/conformance/deflate.ts: declined: server_max_window_bits=10; server_max_window_bits=12',
        'test/conformance/deflate.ts: declined: server_no_context_takeover=1',
        'test/conformance/deflate.ts: declined: client_max_window_bits=16',
        'test/conformance/deflate.ts: passed over for a good one: server_max_window_bits',
      ],
    ),
    kept(
      'client',
      'An answer with an unknown, repeated or badly valued parameter, or one that it cannot keep, fails it.',
      ['src/deflate-negotiation.ts#checkAnswer', 'src/deflate-negotiation.ts#readParameters'],
      [
        'test/deflate-negotiation.test.ts: refuses %s, %j › permessage-deflate; window=10',
        'test/deflate-negotiation.test.ts: refuses %s, %j › permessage-deflate; server_max_window_bits=9; server_max_window_bits=9',
        'test/deflate-negotiation.test.ts: refuses %s, %j › permessage-deflate; server_max_window_bits=7',
        'test/deflate-negotiation.test.ts: refuses %s, %j › permessage-deflate; client_max_window_bits=16',
      ],
    ),
  ],
  '§7.1.1.2': [
    kept(
      'client',
      'It can do what client_no_context_takeover in an answer asks for.',
      ['src/deflate-negotiation.ts#checkAnswer', 'src/connection.ts#windowsOf'],
      [
        'test/deflate-negotiation.test.ts: %s, %j › permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=8',
        'test/deflate-negotiation.test.ts: agrees with whatever our own server answers',
        'test/client-deflate.test.ts: keeps to %j › client_no_context_takeover',
        'test/client-deflate.test.ts: begins each message anew where nothing may be taken over (§7.2.1)',
      ],
    ),
  ],
  '§7.1.2.1': [
    kept(
      'client',
      'In its offer server_max_window_bits is a decimal number.',
      ['src/deflate-negotiation.ts#makeOffer', 'src/deflate-negotiation.ts#parseBits'],
      ['test/conformance/deflate.ts: declined: server_max_window_bits=0x9'],
    ),
    kept(
      'server',
      'In its answer server_max_window_bits is a decimal number.',
      ['src/deflate-negotiation.ts#agreeTo'],
      [
        'test/conformance/deflate.ts: permessage-deflate; server_max_window_bits=8',
        'test/conformance/deflate.ts: permessage-deflate; server_max_window_bits=15',
      ],
    ),
  ],
  '§7.1.2.2': [
    kept(
      'client',
      'In its offer client_max_window_bits, if it has a value, has a decimal number.',
      ['src/deflate-negotiation.ts#makeOffer', 'src/deflate-negotiation.ts#parseBits'],
      ['test/conformance/deflate.ts: declined: client_max_window_bits=all'],
    ),
    kept(
      'server',
      'In its answer client_max_window_bits is a decimal number.',
      ['src/deflate-negotiation.ts#agreeTo'],
      [
        'test/conformance/deflate.ts: permessage-deflate; client_max_window_bits=8',
        'test/conformance/deflate.ts: usual server: permessage-deflate; client_max_window_bits=9',
      ],
    ),
    kept(
      'server',
      'Its answer has no client_max_window_bits unless the offer had it.',
      ['src/deflate-negotiation.ts#agreeTo'],
      [
        'test/conformance/deflate.ts: usual server: permessage-deflate',
        'test/conformance/deflate.ts: frugal server: permessage-deflate',
      ],
    ),
  ],
  '§7.2.1': [
    kept(
      'both',
      'A block with BFINAL that ends inside an octet is filled up with zeros.',
      ['src/deflate.ts#deflate'],
      [
        'test/deflate.test.ts: makes the one block of §7.2.3.1',
        'test/deflate.test.ts: a stock inflater of %d bits reads our messages, one after the other',
      ],
    ),
    kept(
      'both',
      'The four octets 00 00 FF FF are taken off the end of a message alone, not of other fragments.',
      ['src/deflate.ts#deflate', 'src/connection.ts#Connection.#sendCompressed'],
      ['test/conformance/deflate.ts: each fragment flushed by itself, none shortened but the last'],
    ),
    kept(
      'both',
      'No message is compressed with a window of more than 32,768 octets.',
      [
        'src/deflate.ts#deflate',
        'src/deflate.ts#DeflateWindow.fresh',
        'src/deflate-negotiation.ts#resolveDeflateOptions',
      ],
      ['test/conformance/deflate.ts: the server keeps to 15 bits'],
    ),
    kept(
      'client',
      'With client_no_context_takeover agreed on, it begins each message with an empty window.',
      ['src/deflate.ts#DeflateWindow.after', 'src/connection.ts#windowsOf'],
      [
        'test/deflate.test.ts: is itself after nothing, and when nothing is taken over',
        'test/connection.test.ts: a … that has agreed to take nothing over makes each message by itself (§7.2.1)',
        'test/client-deflate.test.ts: begins each message anew where nothing may be taken over (§7.2.1)',
      ],
    ),
    kept(
      'server',
      'With server_no_context_takeover agreed on, it begins each message with an empty window.',
      ['src/deflate.ts#DeflateWindow.after', 'src/connection.ts#windowsOf'],
      [
        'test/conformance/deflate.ts: twenty messages alike, each way without',
        'test/conformance/deflate.ts: the frugal server, which remembers nothing',
        'test/prepared-message.test.ts: a peer without context takeover keeps its empty window',
      ],
    ),
    kept(
      'client',
      'With client_max_window_bits agreed on, it points back no further than that.',
      ['src/deflate.ts#deflate', 'src/connection.ts#windowsOf'],
      [
        "test/connection.test.ts: a … reads with the peer's window and refuses what is broken",
        'test/client-deflate.test.ts: keeps to %j › client_max_window_bits=8',
      ],
    ),
    kept(
      'server',
      'With server_max_window_bits agreed on, it points back no further than that.',
      ['src/deflate.ts#deflate', 'src/connection.ts#windowsOf'],
      [
        'test/conformance/deflate.ts: the server keeps to 8 bits',
        'test/conformance/deflate.ts: the server keeps to 9 bits',
        'test/conformance/deflate.ts: the server keeps to 13 bits',
      ],
    ),
  ],
  '§7.2.2': [
    kept(
      'client',
      'Without server_no_context_takeover it inflates each message with the window of the one before.',
      ['src/decoder.ts#Decoder.#decompress', 'src/deflate.ts#inflate'],
      [
        'test/decoder.test.ts: Hello and again Hello, text and binary, from a …',
        "test/connection.test.ts: a … reads with the peer's window and refuses what is broken",
        'test/client-deflate.test.ts: reads the RFC’s examples, whole, in fragments and over the window (§7.2.3)',
      ],
    ),
    kept(
      'server',
      'Without client_no_context_takeover it inflates each message with the window of the one before.',
      ['src/decoder.ts#Decoder.#decompress', 'src/deflate.ts#inflate'],
      [
        'test/decoder.test.ts: Hello and again Hello, text and binary, from a …',
        'test/conformance/deflate.ts: the window is shared by two messages',
        'test/conformance/deflate.ts: the usual server, with context each way',
      ],
    ),
    kept(
      'server',
      'A hint in the offer changes nothing of that: only what it answered counts.',
      ['src/deflate-negotiation.ts#agreeTo', 'src/connection.ts#windowsOf'],
      [
        'test/conformance/deflate.ts: permessage-deflate; client_no_context_takeover',
        'test/conformance/deflate.ts: pointing back over a window that was agreed to be dropped',
      ],
    ),
    kept(
      'client',
      'Without server_max_window_bits it inflates with a window of 32,768 octets.',
      ['src/deflate-negotiation.ts#checkAnswer', 'src/connection.ts#windowsOf'],
      [
        'test/deflate-negotiation.test.ts: %s, %j › permessage-deflate',
        'test/deflate.test.ts: we read the messages of a stock deflater of %d bits',
        'test/client-deflate.test.ts: holds 32,768 octets where no window was agreed on (§7.2.2)',
      ],
    ),
    kept(
      'server',
      'Without client_max_window_bits it inflates with a window of 32,768 octets.',
      ['src/deflate-negotiation.ts#agreeTo', 'src/connection.ts#windowsOf'],
      ['test/conformance/deflate.ts: a message points back 32,768 octets'],
    ),
    kept(
      'client',
      'Whatever it had offered, it compresses with a window that keeps to what was agreed on.',
      ['src/deflate-negotiation.ts#checkAnswer', 'src/connection.ts#windowsOf'],
      [
        'test/deflate-negotiation.test.ts: %s, %j › permessage-deflate; client_max_window_bits=9',
        'test/deflate.test.ts: never points back further than the window, seed %d',
        'test/client-deflate.test.ts: keeps to %j › client_max_window_bits=12',
      ],
    ),
  ],
};

const should: Sections = {
  '§7.1.1.1': [
    kept(
      'server',
      'It can do what server_no_context_takeover in an offer asks for.',
      ['src/deflate-negotiation.ts#agreeTo'],
      [
        'test/conformance/deflate.ts: permessage-deflate; server_no_context_takeover',
        'test/conformance/deflate.ts: twenty messages alike, each way without',
      ],
    ),
  ],
  '§7.3': [
    kept(
      'both',
      'A window has 1,024 octets or more.',
      ['src/deflate-negotiation.ts#resolveDeflateOptions'],
      [
        'test/conformance/deflate.ts: usual server: permessage-deflate; client_max_window_bits',
        'test/conformance/deflate.ts: usual server: permessage-deflate',
      ],
    ),
  ],
};

/** In small letters, but binding all the same. */
const smallLetters: Sections = {
  '§5': [
    kept(
      'server',
      'What a request in the offer asks for is kept by an answer that accepts it.',
      ['src/deflate-negotiation.ts#agreeTo'],
      [
        'test/conformance/deflate.ts: permessage-deflate; server_max_window_bits=9',
        'test/conformance/deflate.ts: permessage-deflate; server_no_context_takeover; client_no_context_takeover',
      ],
    ),
    kept(
      'both',
      'The window for inflating is no smaller than the one for compressing at the other end.',
      ['src/connection.ts#windowsOf'],
      [
        "test/connection.test.ts: a … reads with the peer's window and refuses what is broken",
        'test/conformance/deflate.ts: after a window of 9 bits was agreed on, one of 9 bits does',
      ],
    ),
    kept(
      'server',
      'A window that a hint lets it have smaller is asked for in the answer.',
      ['src/deflate-negotiation.ts#agreeTo'],
      ['test/conformance/deflate.ts: usual server: permessage-deflate; client_max_window_bits=9'],
    ),
    kept(
      'server',
      'The answer alone tells the client what was agreed on, whichever offer was accepted.',
      ['src/deflate-negotiation.ts#agreeTo'],
      ['test/conformance/deflate.ts: passed over for a good one: foo'],
    ),
  ],
  '§7.1.3': [
    kept(
      'server',
      'An offer without client_max_window_bits gets no answer with it.',
      ['src/deflate-negotiation.ts#agreeTo'],
      ['test/conformance/deflate.ts: usual server: permessage-deflate'],
    ),
  ],
};

export const rfc7692: Ledger = {
  rfc: 7692,
  title: 'Compression Extensions for WebSocket',
  entries: [
    ...numbered(7692, 'MUST', must),
    ...numbered(7692, 'SHOULD', should),
    ...numbered(7692, 'must', smallLetters),
  ],
  counts: {
    MUST: {
      '§4': 2,
      '§5': 11,
      '§6.1': 4,
      '§6.2': 2,
      '§7': 2,
      '§7.1.1.2': 1,
      '§7.1.2.1': 2,
      '§7.1.2.2': 3,
      '§7.2.1': 7,
      '§7.2.2': 6,
    },
    SHOULD: { '§7.1.1.1': 1, '§7.3': 1 },
  },
};
