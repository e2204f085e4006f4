/**
 * The ledger of RFC 6455, The WebSocket Protocol: each MUST, MUST NOT, SHALL and REQUIRED, each SHOULD, and each "must"
 * in small letters that binds an implementation. See entry.ts for how to read it.
 */
import { kept, type Ledger, notApplicable, notKept, numbered, type Sections } from './entry.ts';

const must: Sections = {
  '§3': [
    kept(
      'both',
      'An address has no fragment.',
      ['src/handshake.ts#encodeUpgradeRequest', 'src/request-target.ts#resolveTarget'],
      [
        'test/handshake.test.ts: refuses %s › a target with a fragment',
        'test/conformance/handshake.ts: a fragment in the target',
      ],
    ),
    kept(
      'both',
      'A "#" that begins no fragment is written %23.',
      ['src/handshake.ts#encodeUpgradeRequest', 'src/request-target.ts#resolveTarget'],
      [
        'test/handshake.test.ts: refuses %s › a target with a fragment',
        'test/conformance/handshake.ts: a fragment in the target',
      ],
    ),
  ],
  '§4.1': [
    kept(
      'client',
      'It opens a connection, sends its handshake and reads the server’s.',
      [
        'src/client-handshake.ts#ClientHandshake.#connect',
        'src/client-handshake.ts#ClientHandshake.#ask',
        'src/client-handshake.ts#ClientHandshake.#receiveHead',
      ],
      [
        'test/client.test.ts: sends the request of RFC 6455 §4.1, with a key of 16 octets that is new each time',
        'test/client.test.ts: goes from connecting to open, says so once, and keeps the address',
        'test/client.test.ts: hands out what came in pieces, cut at each octet of answer and frame',
      ],
    ),
    kept(
      'client',
      'Host, port, resource name and the secure flag are those of a valid address.',
      ['src/client-address.ts#parseAddress'],
      ['test/client-address.test.ts: takes %s apart', 'test/client-address.test.ts: refuses %j'],
    ),
    kept(
      'client',
      'An address that is not valid fails, and nothing is opened.',
      ['src/client-address.ts#parseAddress', 'src/client.ts#connect'],
      [
        'test/client-address.test.ts: refuses %j',
        'test/client.test.ts: is told at the call what can never work',
      ],
    ),
    kept(
      'client',
      'With a connection to the same host and port under way, it waits for that one’s outcome.',
      ['src/handshake-queue.ts#HandshakeQueue.enter', 'src/client-handshake.ts#ClientHandshake.#enterQueue'],
      [
        'test/client-handshake.test.ts: the second begins to connect when the first %s › is open',
        'test/client-handshake.test.ts: the second begins to connect when the first %s › was refused',
        'test/client-handshake.test.ts: the second begins to connect when the first %s › has lost TCP',
        'test/client-handshake.test.ts: however it is called',
      ],
    ),
    kept(
      'client',
      'At most one connection to a host is connecting at a time.',
      ['src/handshake-queue.ts#HandshakeQueue.enter', 'src/client-handshake.ts#ClientHandshake.#enterQueue'],
      [
        'test/client-handshake.test.ts: a thousand come one after the other',
        'test/handshake-queue.test.ts: one place is begun for each, never two in one line, seed 1',
      ],
    ),
    kept(
      'client',
      'Several attempts at once are put in a row.',
      ['src/handshake-queue.ts#HandshakeQueue.enter', 'src/handshake-queue.ts#HandshakeQueue.#leave'],
      [
        'test/client-handshake.test.ts: a thousand come one after the other',
        'test/client-handshake.test.ts: who gives up while waiting is told so later, once, and has sent nothing',
        'test/handshake-queue.test.ts: is begun at once by the first, and by each other when the one before has left',
      ],
    ),
    notApplicable(
      'client',
      'Where it cannot tell the IP address, each host name counts as a host of its own.',
      'It can always tell: names are resolved here, for there is no proxy.',
    ),
    notApplicable(
      'client',
      'Scripts that choose a proxy get the address built from host, port, resource name and secure flag.',
      'Our client runs no such scripts and uses no proxy.',
    ),
    kept(
      'client',
      'A connection that cannot be opened fails.',
      [
        'src/client-handshake.ts#ClientHandshake.#lost',
        'src/client-handshake.ts#ClientHandshake.fail',
        'src/handshake-error.ts#lostConnection',
      ],
      [
        'test/client-handshake.test.ts: nobody listens',
        'test/client-handshake.test.ts: the name is not known',
        'test/client-handshake.test.ts: the server resets TCP',
      ],
    ),
    kept(
      'client',
      'For wss, TLS comes before the handshake.',
      ['src/client-handshake.ts#ClientHandshake.#connect'],
      [
        'test/client.test.ts: opens over TLS to a name that the certificate has, and talks',
        'test/client.test.ts: refuses a certificate that nobody vouches for, and sends it nothing',
      ],
    ),
    kept(
      'client',
      'When TLS fails, the connection fails.',
      ['src/client-handshake.ts#ClientHandshake.#lost', 'src/handshake-error.ts#lostConnection'],
      [
        'test/client.test.ts: refuses a certificate that nobody vouches for, and sends it nothing',
        'test/client.test.ts: says that the server speaks no TLS, and that a TLS server cut it off',
      ],
    ),
    kept(
      'client',
      'For wss, everything after that goes through TLS.',
      ['src/client-handshake.ts#ClientHandshake.#connect', 'src/client-handshake.ts#ClientHandshake.#judge'],
      ['test/client.test.ts: opens over TLS to a name that the certificate has, and talks'],
    ),
    kept(
      'client',
      'TLS names the server (SNI).',
      ['src/client-handshake.ts#ClientHandshake.#connect'],
      [
        'test/client.test.ts: names the server in TLS (SNI), but no IP address: those are no names (RFC 6066 §3)',
      ],
    ),
    kept(
      'client',
      'Once connected, it sends the opening handshake.',
      ['src/client-handshake.ts#ClientHandshake.#ask'],
      [
        'test/client.test.ts: sends the request of RFC 6455 §4.1, with a key of 16 octets that is new each time',
      ],
    ),
    kept(
      'client',
      'The handshake is a valid HTTP request.',
      ['src/handshake.ts#encodeUpgradeRequest'],
      [
        'test/handshake.test.ts: is the request, octet by octet',
        'test/handshake.test.ts: is accepted by our own server with all that it can carry, however it is cut',
        'test/handshake.test.ts: refuses %s › a host that ends the line',
      ],
    ),
    kept(
      'client',
      'Its method is GET.',
      ['src/handshake.ts#encodeUpgradeRequest'],
      ['test/handshake.test.ts: is the request, octet by octet'],
    ),
    kept(
      'client',
      'Its version is HTTP/1.1 or later.',
      ['src/handshake.ts#encodeUpgradeRequest'],
      ['test/handshake.test.ts: is the request, octet by octet'],
    ),
    kept(
      'client',
      'The target is the resource name of the address.',
      ['src/handshake.ts#encodeUpgradeRequest'],
      [
        'test/handshake.test.ts: is the request, octet by octet',
        'test/handshake.test.ts: refuses %s › a target without a slash',
      ],
    ),
    kept(
      'client',
      'Host is there, with the port unless it is the default one.',
      ['src/handshake.ts#encodeUpgradeRequest'],
      [
        'test/handshake.test.ts: is the request, octet by octet',
        'test/handshake.test.ts: refuses %s › a host with user information',
      ],
    ),
    kept(
      'client',
      'Upgrade is there.',
      ['src/handshake.ts#encodeUpgradeRequest'],
      ['test/handshake.test.ts: is the request, octet by octet'],
    ),
    kept(
      'client',
      'Upgrade says websocket.',
      ['src/handshake.ts#encodeUpgradeRequest'],
      ['test/handshake.test.ts: is the request, octet by octet'],
    ),
    kept(
      'client',
      'Connection is there.',
      ['src/handshake.ts#encodeUpgradeRequest'],
      ['test/handshake.test.ts: is the request, octet by octet'],
    ),
    kept(
      'client',
      'Connection says Upgrade.',
      ['src/handshake.ts#encodeUpgradeRequest'],
      ['test/handshake.test.ts: is the request, octet by octet'],
    ),
    kept(
      'client',
      'Sec-WebSocket-Key is there.',
      ['src/handshake.ts#encodeUpgradeRequest'],
      ['test/handshake.test.ts: is the request, octet by octet'],
    ),
    kept(
      'client',
      'The key is the base64 of 16 random octets.',
      ['src/handshake.ts#encodeUpgradeRequest'],
      ['test/handshake.test.ts: refuses %s › a key of 15 octets'],
    ),
    kept(
      'client',
      'Each connection has a new random key.',
      ['src/client-handshake.ts#ClientHandshake.constructor'],
      [
        'test/client.test.ts: sends the request of RFC 6455 §4.1, with a key of 16 octets that is new each time',
      ],
    ),
    notApplicable(
      'client',
      'A browser names the page’s origin in Origin.',
      'Our client is no browser. It sends the Origin that it is given.',
    ),
    kept(
      'client',
      'Sec-WebSocket-Version is there.',
      ['src/handshake.ts#encodeUpgradeRequest'],
      ['test/handshake.test.ts: is the request, octet by octet'],
    ),
    kept(
      'client',
      'The version is 13.',
      ['src/handshake.ts#encodeUpgradeRequest', 'src/handshake.ts#version'],
      ['test/handshake.test.ts: is the request, octet by octet'],
    ),
    kept(
      'client',
      'Subprotocols are tokens that are not empty.',
      ['src/handshake.ts#checkProtocol', 'src/handshake.ts#offeredProtocols'],
      [
        'test/handshake.test.ts: refuses %s › a subprotocol that is no token',
        'test/handshake.test.ts: refuses a subprotocol list that is %s › no tokens',
      ],
    ),
    kept(
      'client',
      'No subprotocol is named twice.',
      ['src/handshake.ts#encodeUpgradeRequest', 'src/handshake.ts#offeredProtocols'],
      [
        'test/handshake.test.ts: refuses %s › a subprotocol twice',
        'test/handshake.test.ts: refuses a subprotocol list that is %s › repeated',
      ],
    ),
    kept(
      'client',
      'It sends nothing more before the response has come.',
      ['src/client-handshake.ts#ClientHandshake.#ask', 'src/client.ts#WebSocketClient.#openWire'],
      [
        'test/client.test.ts: throws InvalidStateError before it is open, and TypeError for what is no message',
        'test/client.test.ts: sends the request of RFC 6455 §4.1, with a key of 16 octets that is new each time',
      ],
    ),
    kept(
      'client',
      'It judges the response.',
      ['src/handshake.ts#checkUpgradeResponse'],
      ['test/handshake.test.ts: takes what our own server replies, however it is cut'],
    ),
    kept(
      'client',
      'Without Upgrade: websocket in the response it fails.',
      ['src/handshake.ts#checkUpgradeResponse'],
      [
        'test/handshake.test.ts: fails for %s › no Upgrade',
        'test/client-handshake.test.ts: %s › without Upgrade',
        'test/handshake.test.ts: fails for %s › another Upgrade',
      ],
    ),
    kept(
      'client',
      'Without Connection: Upgrade in the response it fails.',
      ['src/handshake.ts#checkUpgradeResponse'],
      [
        'test/handshake.test.ts: fails for %s › no Connection',
        'test/client-handshake.test.ts: %s › without Connection',
        'test/handshake.test.ts: fails for %s › another Connection',
      ],
    ),
    kept(
      'client',
      'Without the right Sec-WebSocket-Accept it fails.',
      ['src/handshake.ts#checkUpgradeResponse', 'src/handshake.ts#acceptValue'],
      [
        'test/handshake.test.ts: fails for %s › no accept value',
        'test/client-handshake.test.ts: %s › without Sec-WebSocket-Accept',
        'test/handshake.test.ts: fails for %s › the key as accept value',
      ],
    ),
    kept(
      'client',
      'An extension that was not offered fails it.',
      ['src/handshake.ts#checkUpgradeResponse'],
      [
        'test/handshake.test.ts: fails for %s › an extension not offered',
        'test/client-handshake.test.ts: %s › with an extension that was not offered',
        'test/handshake.test.ts: fails for a choice where nothing was offered',
      ],
    ),
    kept(
      'client',
      'A subprotocol that was not offered fails it.',
      ['src/handshake.ts#checkUpgradeResponse'],
      [
        'test/handshake.test.ts: fails for %s › a subprotocol not offered',
        'test/client-handshake.test.ts: %s › with a subprotocol that was not offered',
        'test/handshake.test.ts: fails for a choice where nothing was offered',
      ],
    ),
    kept(
      'client',
      'Whatever else is wrong with the response fails it.',
      ['src/handshake.ts#checkUpgradeResponse', 'src/http-head.ts#parseResponseHead'],
      [
        'test/handshake.test.ts: says what the server answered instead of 101',
        'test/handshake.test.ts: fails for %s › a bad extension list',
        'test/http-head.test.ts: refuses %s',
      ],
    ),
  ],
  '§4.2.1': [
    kept(
      'server',
      'A request that is not as described is refused with an HTTP error.',
      [
        'src/handshake.ts#checkUpgradeRequest',
        'src/http-head.ts#parseRequestHead',
        'src/refusals.ts#Refusals.refuse',
      ],
      [
        'test/handshake.test.ts: refuses %s › no Connection',
        'test/handshake.test.ts: refuses a key that is %s › 15 octets',
        'test/handshake.test.ts: are accepted or refused with one HttpError that can be sent',
        'test/conformance/handshake.ts: no Upgrade: a plain request',
        'test/server.test.ts: a refusal says what and why, and ends the connection',
      ],
    ),
  ],
  '§4.2.2': [
    kept(
      'server',
      'It takes the steps below to accept a connection.',
      [
        'src/handshake.ts#checkUpgradeRequest',
        'src/handshake.ts#encodeUpgradeReply',
        'src/upgrade-decision.ts#agree',
      ],
      ['test/conformance/handshake.ts: the request of the RFC, accept value and all'],
    ),
    kept(
      'server',
      'On a TLS port everything, the handshake too, goes through TLS.',
      ['src/listener.ts#Listener.#secured'],
      [
        'test/listener.test.ts: carries a WebSocket from the handshake to the closing, and the request says so',
        'test/listener.test.ts: a handshake that fails costs nobody else anything, and is counted',
      ],
    ),
    kept(
      'server',
      'An origin that is not welcome is refused with an HTTP error.',
      ['src/handshake.ts#checkOrigin'],
      [
        'test/handshake.test.ts: refuses pages of %j by default › https://evil.example',
        'test/conformance/handshake.ts: a foreign origin',
        'test/server.test.ts: a foreign page is refused, the own one and listed ones are not',
      ],
    ),
    kept(
      'server',
      'Another version is refused with an HTTP error that tells the version spoken.',
      ['src/handshake.ts#checkUpgradeFields', 'src/handshake.ts#upgradeRequired'],
      [
        'test/handshake.test.ts: refuses the version %s and says which is spoken',
        'test/conformance/handshake.ts: version "8"',
      ],
    ),
    kept(
      'server',
      'A service that is not there is refused with an HTTP error.',
      ['src/upgrade-decision.ts#agree', 'src/upgrade-decision.ts#checkDecision'],
      ['test/server.test.ts: the upgrade handler may choose a protocol, or refuse with any status'],
    ),
    kept(
      'server',
      'The subprotocol is one of those that the client offered.',
      ['src/handshake.ts#chooseProtocol', 'src/upgrade-decision.ts#agree'],
      [
        "test/handshake.test.ts: are chosen in the client's order, exactly",
        'test/server.test.ts: an upgrade handler that throws, or chooses what was not offered, gives 500 and is reported',
        'test/upgrade-decision.test.ts: must have been offered, whoever chose it',
        'test/conformance/handshake.ts: the first that is known',
      ],
    ),
    kept(
      'server',
      'When none is agreed on, the response has no Sec-WebSocket-Protocol.',
      ['src/handshake.ts#encodeUpgradeReply', 'src/handshake.ts#replyFields'],
      [
        'test/handshake.test.ts: is the 101 of RFC 6455 §1.3, octet by octet',
        'test/conformance/handshake.ts: only unknown ones: opened without',
        'test/conformance/handshake.ts: none offered, none chosen',
      ],
    ),
    kept(
      'server',
      'The extensions are chosen from those that the client offered.',
      ['src/deflate-negotiation.ts#acceptOffer'],
      [
        'test/conformance/deflate.ts: x-webkit-deflate-frame, permessage-bzip2; level=9, permessage-deflate',
        'test/conformance/deflate.ts: permessage-bzip2',
        'test/conformance/handshake.ts: several offers, with parameters and quotes',
      ],
    ),
    kept(
      'server',
      'No extension that was not offered is in the response.',
      ['src/deflate-negotiation.ts#acceptOffer', 'src/handshake.ts#replyFields'],
      [
        'test/conformance/deflate.ts: permessage-bzip2',
        'test/conformance/deflate.ts: nothing',
        'test/handshake.test.ts: cannot be broken by what it is given',
      ],
    ),
    kept(
      'server',
      'The response that accepts is valid HTTP, with status 101, Upgrade, Connection and Sec-WebSocket-Accept.',
      ['src/handshake.ts#encodeUpgradeReply', 'src/handshake.ts#acceptValue'],
      [
        'test/handshake.test.ts: is the 101 of RFC 6455 §1.3, octet by octet',
        'test/handshake.test.ts: is that of RFC 6455 §1.3',
        'test/handshake.test.ts: cannot be broken by what it is given',
        'test/conformance/handshake.ts: a key of zeros',
      ],
    ),
  ],
  '§4.3': [
    kept(
      'both',
      'The value in a quoted string is a token once it is unquoted.',
      ['src/extensions.ts#ExtensionScanner.#quotedToken'],
      [
        'test/extensions.test.ts: refuses %s › a quoted value that is no token',
        'test/conformance/handshake.ts: a quoted value that is no token',
      ],
    ),
  ],
  '§4.4': [
    kept(
      'server',
      'To a version that it does not speak it answers with those that it does.',
      ['src/handshake.ts#checkUpgradeFields', 'src/handshake.ts#upgradeRequired'],
      [
        'test/handshake.test.ts: refuses the version %s and says which is spoken',
        'test/handshake.test.ts: tells an old client its version before it judges a key in an old form',
        'test/conformance/handshake.ts: version "25"',
      ],
    ),
  ],
  '§5.1': [
    kept(
      'client',
      'Every frame that it sends is masked.',
      [
        'src/connection.ts#Connection.#append',
        'src/connection.ts#Connection.send',
        'src/output.ts#OutputBuffer.appendFrame',
      ],
      [
        'test/connection.test.ts: a client needs masking keys, a server asks for none (§5.1, §5.3)',
        'test/connection.test.ts: each frame of a client has the next key',
        'test/connection.test.ts: a client cannot send it, for it has no mask',
      ],
    ),
    kept(
      'server',
      'A frame that is not masked ends the connection.',
      ['src/frame.ts#checkFrameStart', 'src/connection.ts#Connection.#fail'],
      [
        'test/frame.test.ts: each of the 65,536 pairs, from a client and from a server, … deflate',
        'test/connection.test.ts: …: …, a reason, the end › the wrong masking',
        'test/conformance/framing.ts: text without a mask',
        'test/conformance/framing.ts: Close without a mask',
      ],
    ),
    kept(
      'server',
      'No frame that it sends is masked.',
      ['src/connection.ts#Connection.constructor', 'src/frame.ts#encodeFrameHeader'],
      [
        'test/connection.test.ts: a client needs masking keys, a server asks for none (§5.1, §5.3)',
        'test/connection.test.ts: is one unmasked frame, the same octets for every server',
        'test/conformance/framing.ts: text of 65536 octets comes back',
      ],
    ),
    kept(
      'client',
      'A frame that is masked ends the connection.',
      ['src/frame.ts#checkFrameStart', 'src/connection.ts#Connection.#fail'],
      [
        'test/frame.test.ts: each of the 65,536 pairs, from a client and from a server, … deflate',
        'test/connection.test.ts: …: …, a reason, the end › the wrong masking',
      ],
    ),
  ],
  '§5.2': [
    kept(
      'both',
      'Reserved bits that no extension has given a meaning are 0 in what is sent.',
      [
        'src/connection.ts#Connection.#append',
        'src/connection.ts#Connection.send',
        'src/output.ts#OutputBuffer.appendFrame',
      ],
      [
        'test/connection.test.ts: sends …',
        'test/output.test.ts: §5.7: …',
        'test/conformance/framing.ts: text of 126 octets comes back',
      ],
    ),
    kept(
      'both',
      'A reserved bit that no extension has given a meaning fails the connection.',
      ['src/frame.ts#checkFrameStart', 'src/frame.ts#checkReservedBits'],
      [
        'test/frame.test.ts: each of the 65,536 pairs, from a client and from a server, … deflate',
        'test/connection.test.ts: …: …, a reason, the end › a reserved bit',
        'test/conformance/framing.ts: RSV1 on text',
        'test/conformance/framing.ts: RSV2 on a continuation',
        'test/conformance/framing.ts: RSV3 on Close',
      ],
    ),
    kept(
      'both',
      'An opcode that is not defined fails the connection.',
      ['src/frame.ts#checkFrameStart'],
      [
        'test/frame.test.ts: each of the 65,536 pairs, from a client and from a server, … deflate',
        'test/connection.test.ts: …: …, a reason, the end › a reserved opcode',
        'test/conformance/framing.ts: opcode 0x3, empty',
        'test/conformance/framing.ts: opcode 0xB, empty',
      ],
    ),
    kept(
      'both',
      'The top bit of a 64-bit length is 0.',
      ['src/frame.ts#checkFrameLength', 'src/frame.ts#encodeFrameHeader'],
      [
        'test/frame.test.ts: the top bit of a 64-bit length is refused, and nothing below it',
        'test/conformance/framing.ts: top bit of the 64-bit length',
      ],
    ),
    kept(
      'both',
      'A length takes the fewest octets that it can.',
      ['src/frame.ts#checkFrameLength', 'src/frame.ts#frameHeaderLength', 'src/frame.ts#encodeFrameHeader'],
      [
        'test/frame.test.ts: … octets …, both ways',
        'test/frame.test.ts: a length of … must be shorter than in …, mask "…"',
        'test/conformance/framing.ts: a length of 125 written with 16 bits',
        'test/conformance/framing.ts: binary of 126 octets comes back',
      ],
    ),
    notApplicable(
      'document',
      'An extension says how long its Extension data is, or how that is told.',
      'It binds who writes an extension. The one that we speak has no Extension data.',
    ),
    kept(
      'both',
      'The use of an extension is negotiated in the opening handshake.',
      [
        'src/deflate-negotiation.ts#acceptOffer',
        'src/deflate-negotiation.ts#makeOffer',
        'src/deflate-negotiation.ts#checkAnswer',
      ],
      [
        'test/conformance/deflate.ts: permessage-deflate',
        'test/conformance/deflate.ts: RSV1 where the server does not compress',
        'test/client.test.ts: sends the request of RFC 6455 §4.1, with a key of 16 octets that is new each time',
      ],
    ),
    kept(
      'both',
      'RSV1 is 0 unless negotiated (the grammar).',
      ['src/frame.ts#checkFrameStart', 'src/frame.ts#checkReservedBits'],
      [
        'test/frame.test.ts: each of the 65,536 pairs, from a client and from a server, … deflate',
        'test/conformance/framing.ts: RSV1 on binary',
      ],
    ),
    kept(
      'both',
      'RSV2 is 0 unless negotiated (the grammar).',
      ['src/frame.ts#checkFrameStart', 'src/frame.ts#checkReservedBits'],
      [
        'test/frame.test.ts: each of the 65,536 pairs, from a client and from a server, … deflate',
        'test/conformance/framing.ts: RSV2 on binary',
      ],
    ),
    kept(
      'both',
      'RSV3 is 0 unless negotiated (the grammar).',
      ['src/frame.ts#checkFrameStart', 'src/frame.ts#checkReservedBits'],
      [
        'test/frame.test.ts: each of the 65,536 pairs, from a client and from a server, … deflate',
        'test/conformance/framing.ts: RSV3 on binary',
      ],
    ),
  ],
  '§5.3': [
    kept(
      'client',
      'A frame that is masked has the MASK bit set.',
      ['src/frame.ts#encodeFrameHeader'],
      [
        'test/frame.test.ts: … octets …, both ways',
        'test/connection.test.ts: each frame of a client has the next key',
      ],
    ),
    kept(
      'client',
      'Each frame gets a fresh key.',
      ['src/connection.ts#Connection.#append', 'src/connection.ts#Connection.send'],
      ['test/connection.test.ts: each frame of a client has the next key'],
    ),
    kept(
      'client',
      'Keys come from a strong source of randomness.',
      ['src/masking-keys.ts#maskingKeys', 'src/client.ts#nextMaskingKey'],
      [
        'test/masking-keys.test.ts: takes them from the system: all 32 bits come in both values, and sources differ',
      ],
    ),
    kept(
      'client',
      'A key does not give away the next one.',
      ['src/masking-keys.ts#maskingKeys'],
      [
        'test/masking-keys.test.ts: hands each word out once, in order, and fetches more when they are used up',
        'test/masking-keys.test.ts: takes them from the system: all 32 bits come in both values, and sources differ',
      ],
    ),
  ],
  '§5.4': [
    kept(
      'both',
      'Control frames are not fragmented.',
      ['src/frame.ts#checkFrameStart', 'src/connection.ts#Connection.#append'],
      [
        'test/frame.test.ts: each of the 65,536 pairs, from a client and from a server, … deflate',
        'test/connection.test.ts: …: …, a reason, the end › a fragmented Ping',
        'test/conformance/control-frames.ts: Ping without FIN',
        'test/conformance/control-frames.ts: Close without FIN inside a message',
      ],
    ),
    kept(
      'both',
      'Fragments are delivered in the order in which they were sent.',
      ['src/message.ts#MessageAssembler.push', 'src/decoder.ts#Decoder.decode'],
      [
        'test/decoder.test.ts: any messages, fragmented and chopped anyhow, arrive as they were',
        'test/conformance/fragmentation.ts: text in one fragment for each octet',
      ],
    ),
    kept(
      'both',
      'Fragments of one message do not stand between those of another.',
      ['src/decoder.ts#Decoder.#checkStart', 'src/connection.ts#Connection.send'],
      [
        'test/decoder.test.ts: a new message inside a message is refused (§5.4)',
        'test/conformance/fragmentation.ts: a fragment of another message inside one',
        'test/conformance/fragmentation.ts: text inside a binary message',
      ],
    ),
    kept(
      'both',
      'Control frames between fragments are handled.',
      ['src/decoder.ts#Decoder.#receiveWhole', 'src/connection.ts#Connection.#receiveControl'],
      [
        'test/connection.test.ts: the Pong is there before the event, inside a fragmented message, one for each',
        'test/decoder.test.ts: fragments, some empty, with control frames between them (§5.4)',
        'test/conformance/control-frames.ts: a Ping between fragments is answered at once',
        'test/conformance/closing.ts: a Close inside a fragmented message',
      ],
    ),
    kept(
      'both',
      'Messages are received whole and in fragments.',
      ['src/decoder.ts#Decoder.decode', 'src/message.ts#MessageAssembler.take'],
      [
        'test/connection.test.ts: receives text and binary, whole and fragmented, in any cut',
        'test/conformance/fragmentation.ts: a fragmented and a whole message',
      ],
    ),
    notApplicable(
      'intermediary',
      'It does not change how a control frame is fragmented.',
      'We are an endpoint and pass no frames on.',
    ),
    notApplicable(
      'intermediary',
      'It does not change fragmentation when reserved bits are used that it does not know.',
      'We are an endpoint and pass no frames on.',
    ),
    notApplicable(
      'intermediary',
      'It does not change fragmentation where extensions were negotiated that it does not know.',
      'We are an endpoint and pass no frames on.',
    ),
    notApplicable(
      'intermediary',
      'It does not change fragmentation on a connection whose handshake it did not see.',
      'We are an endpoint and pass no frames on.',
    ),
    kept(
      'both',
      'All fragments of a message are of one type, that of the first.',
      ['src/decoder.ts#Decoder.#checkStart', 'src/message.ts#MessageAssembler.begin'],
      [
        'test/decoder.test.ts: a new message inside a message is refused (§5.4)',
        'test/conformance/fragmentation.ts: binary inside a text message',
        'test/conformance/framing.ts: text and binary in turn keep their kind',
      ],
    ),
  ],
  '§5.5': [
    kept(
      'both',
      'A control frame has at most 125 octets of payload.',
      [
        'src/frame.ts#checkFrameStart',
        'src/connection.ts#Connection.#sendControl',
        'src/close.ts#encodeClosePayload',
      ],
      [
        'test/frame.test.ts: each of the 65,536 pairs, from a client and from a server, … deflate',
        'test/connection.test.ts: a control frame takes 125 octets, and 126 are the caller’s mistake (§5.5)',
        'test/close.test.ts: 123 octets is the most, counted in octets',
        'test/conformance/control-frames.ts: Ping of 126 octets',
        'test/conformance/control-frames.ts: Close of 126 octets',
        'test/conformance/control-frames.ts: Pong of 65536 octets',
      ],
    ),
    kept(
      'both',
      'A control frame is not fragmented.',
      ['src/frame.ts#checkFrameStart', 'src/connection.ts#Connection.#append'],
      [
        'test/frame.test.ts: each of the 65,536 pairs, from a client and from a server, … deflate',
        'test/conformance/control-frames.ts: Close without FIN',
        'test/conformance/control-frames.ts: Pong without FIN',
      ],
    ),
  ],
  '§5.5.1': [
    kept(
      'both',
      'The payload of a Close, if any, begins with a code of two octets.',
      ['src/close.ts#encodeClosePayload', 'src/close.ts#decodeClosePayload'],
      [
        'test/close.test.ts: … is … "…", and back',
        'test/close.test.ts: one octet is no code',
        'test/conformance/closing.ts: one octet of payload',
      ],
    ),
    notApplicable(
      'application',
      'The reason of a Close is not shown to end users.',
      'The client hands it to its application, as the browser’s does; the chat page shows sentences of its own.',
    ),
    kept(
      'both',
      'After a Close was sent, no data frame is sent.',
      ['src/connection.ts#Connection.send'],
      [
        'test/connection.test.ts: after a Close of either side nothing is sent, and send says so',
        'test/conformance/closing.ts: text after the Close is ignored',
      ],
    ),
    kept(
      'both',
      'A Close is answered with a Close, unless one was sent already.',
      ['src/connection.ts#Connection.#receiveClose'],
      [
        'test/connection.test.ts: the peer closes first with …: it is echoed, and the server ends TCP',
        'test/connection.test.ts: both close at once: one Close each, and each has the other’s code',
        'test/conformance/closing.ts: code 1000 is echoed',
        'test/conformance/closing.ts: a Close without payload gets one without payload',
      ],
    ),
    kept(
      'both',
      'After both Closes TCP is closed.',
      ['src/connection.ts#Connection.takeOutput', 'src/wire.ts#Wire.#flush', 'src/wire.ts#Wire.sweep'],
      [
        'test/socket.test.ts: we close: the peer answers, then TCP is ended',
        'test/client.test.ts: answers the server’s Close with %i, and leaves the end of TCP to it (§7.1.1)',
        'test/client.test.ts: cuts TCP cleanly when the server closed and does not end it in time',
      ],
    ),
    kept(
      'server',
      'It closes TCP at once after both Closes.',
      ['src/connection.ts#Connection.takeOutput', 'src/wire.ts#Wire.#flush'],
      [
        'test/connection.test.ts: we close first with …',
        'test/socket.test.ts: the peer closes: its code comes back, TCP is ended by the server first, and the record says who',
        'test/socket.test.ts: we close: the peer answers, then TCP is ended',
        'test/conformance/closing.ts: code 3000 is echoed',
      ],
    ),
  ],
  '§5.5.2': [
    kept(
      'both',
      'A Ping is answered with a Pong, unless a Close came before it.',
      ['src/connection.ts#Connection.#receiveControl'],
      [
        'test/connection.test.ts: a Ping is answered at once by a Pong with the same octets',
        'test/connection.test.ts: a Ping after our Close is answered still: only the peer’s Close ends that duty',
        'test/conformance/control-frames.ts: an empty Ping',
        'test/conformance/control-frames.ts: ten Pings get ten Pongs in order',
      ],
    ),
  ],
  '§5.6': [
    kept(
      'both',
      'A text message as a whole is valid UTF-8; a fragment may end inside a character.',
      [
        'src/utf8.ts#Utf8Validator',
        'src/utf8.ts#decodeUtf8',
        'src/message.ts#MessageAssembler.push',
        'src/output.ts#OutputBuffer.appendTextFrame',
      ],
      [
        'test/decoder.test.ts: text that is not UTF-8 fails as soon as the octet is there, and not earlier (§8.1)',
        'test/output.test.ts: text of every character length, and lone surrogates as U+FFFD',
        'test/conformance/utf8.ts: U+1F600 cut after octet 2',
        'test/conformance/utf8.ts: the last fragment ends with one octet of two',
      ],
    ),
  ],
  '§5.8': [
    kept(
      'both',
      'Extensions are negotiated in the opening handshake.',
      [
        'src/deflate-negotiation.ts#acceptOffer',
        'src/deflate-negotiation.ts#makeOffer',
        'src/deflate-negotiation.ts#checkAnswer',
      ],
      [
        'test/conformance/deflate.ts: permessage-deflate',
        'test/conformance/deflate.ts: RSV1 where the offer was declined',
        'test/client.test.ts: sends the request of RFC 6455 §4.1, with a key of 16 octets that is new each time',
      ],
    ),
  ],
  '§6.1': [
    kept(
      'both',
      'A message is sent by the steps below.',
      ['src/connection.ts#Connection.send'],
      [
        'test/connection.test.ts: sends …',
        'test/connection.test.ts: what is sent in order goes out in order, once',
      ],
    ),
    kept(
      'both',
      'Only on an open connection.',
      ['src/connection.ts#Connection.send'],
      ['test/connection.test.ts: after a Close of either side nothing is sent, and send says so'],
    ),
    kept(
      'both',
      'When the state changes, sending stops.',
      ['src/connection.ts#Connection.send', 'src/connection.ts#Connection.takeOutput'],
      [
        'test/connection.test.ts: after a Close of either side nothing is sent, and send says so',
        'test/socket.test.ts: after terminate nothing more of the same chunk is handed out, and nothing is sent',
      ],
    ),
    kept(
      'both',
      'The data stands in a frame.',
      ['src/output.ts#OutputBuffer.appendFrame', 'src/output.ts#OutputBuffer.appendTextFrame'],
      [
        'test/connection.test.ts: sends …',
        'test/output.test.ts: any sequence of appends comes out as the frames one by one',
      ],
    ),
    kept(
      'both',
      'The first frame’s opcode tells text from binary.',
      ['src/connection.ts#Connection.send'],
      [
        'test/connection.test.ts: sends …',
        'test/conformance/framing.ts: text and binary in turn keep their kind',
      ],
    ),
    kept(
      'both',
      'The last frame has FIN set.',
      ['src/connection.ts#Connection.send', 'src/connection.ts#fin'],
      ['test/connection.test.ts: sends …', 'test/output.test.ts: each length, mask …: octets and text'],
    ),
    kept(
      'client',
      'What it sends is masked.',
      ['src/connection.ts#Connection.#append', 'src/output.ts#OutputBuffer.appendTextFrame'],
      ['test/connection.test.ts: each frame of a client has the next key'],
    ),
    kept(
      'both',
      'The frames go out over the network.',
      ['src/wire.ts#Wire.#flush', 'src/wire.ts#Wire.#write'],
      [
        'test/wire.test.ts: the head and the first frames are one write; what came behind the head is the first message',
        'test/wire.test.ts: a peer that does not read gets no write for each tick: frames wait in blocks, and arrive in order',
        'test/socket.test.ts: a large message goes out whole and unharmed',
      ],
    ),
  ],
  '§6.2': [
    kept(
      'both',
      'What arrives is read as frames.',
      ['src/frame.ts#decodeFrameHeader', 'src/decoder.ts#Decoder.decode'],
      [
        'test/frame.test.ts: …: decode',
        'test/decoder.test.ts: any octets give the same events, or the same error, however they are cut',
      ],
    ),
    kept(
      'both',
      'A control frame is handled as §5.5 says.',
      ['src/connection.ts#Connection.#receiveControl'],
      [
        'test/connection.test.ts: a Ping is answered at once by a Pong with the same octets',
        'test/connection.test.ts: a Pong that nobody asked for is told and not answered',
        'test/conformance/control-frames.ts: an unsolicited Pong is ignored',
      ],
    ),
    kept(
      'both',
      'The opcode of a data frame tells the type of its message.',
      ['src/decoder.ts#Decoder.#receiveWhole', 'src/message.ts#MessageAssembler.begin'],
      [
        'test/connection.test.ts: receives text and binary, whole and fragmented, in any cut',
        'test/conformance/framing.ts: text and binary in turn keep their kind',
      ],
    ),
    kept(
      'both',
      'After the last fragment a new message begins.',
      ['src/message.ts#MessageAssembler.take', 'src/message.ts#MessageAssembler.clear'],
      [
        'test/conformance/fragmentation.ts: two fragmented messages one after the other',
        'test/conformance/fragmentation.ts: a continuation after the last fragment',
      ],
    ),
    kept(
      'server',
      'It takes off the mask.',
      ['src/mask.ts#applyMask', 'src/decoder.ts#Decoder.#receivePart'],
      [
        'test/mask.test.ts: the RFC’s Hello of §5.7, both ways',
        'test/mask.test.ts: each alignment × start × position × length is as the formula has it, and nothing around it changes',
        'test/conformance/framing.ts: each frame has a mask of its own',
      ],
    ),
  ],
  '§7.1.2': [
    kept(
      'both',
      'The closing handshake starts with a Close that has the code and the reason given.',
      ['src/connection.ts#Connection.close', 'src/close.ts#encodeClosePayload'],
      [
        'test/connection.test.ts: we close first with …',
        'test/interop.test.ts: is closed by the server without a code',
      ],
    ),
  ],
  '§7.1.7': [
    kept(
      'client',
      'To fail the connection, it closes TCP.',
      [
        'src/connection.ts#Connection.#fail',
        'src/connection.ts#Connection.takeOutput',
        'src/wire.ts#Wire.#flush',
      ],
      ['test/client.test.ts: %s: %i › masks a frame', 'test/client.test.ts: is not heard after that'],
    ),
    kept(
      'server',
      'To fail the connection, it closes TCP.',
      [
        'src/connection.ts#Connection.#fail',
        'src/connection.ts#Connection.takeOutput',
        'src/wire.ts#Wire.#flush',
      ],
      [
        'test/connection.test.ts: …: …, a reason, the end',
        'test/socket.test.ts: a violation is answered with its code, recorded with its section, and what follows is ignored',
      ],
    ),
    kept(
      'both',
      'After failing, nothing of the peer’s is processed, its Close included.',
      ['src/connection.ts#Connection.receive', 'src/decoder.ts#Decoder.stop'],
      [
        'test/connection.test.ts: …: …, a reason, the end',
        'test/conformance/closing.ts: a Close after a violation is ignored',
        'test/conformance/closing.ts: text after a violation is ignored',
      ],
    ),
  ],
  '§7.2.1': [
    kept(
      'client',
      'Where it has to fail during the handshake, it fails as §7.1.7 says.',
      ['src/client-handshake.ts#ClientHandshake.fail', 'src/client-handshake.ts#ClientHandshake.#closed'],
      [
        'test/client-handshake.test.ts: %s › without Upgrade',
        'test/client-handshake.test.ts: that leaves out what was asked for',
        'test/client.test.ts: because the server does not answer in time',
      ],
    ),
    kept(
      'client',
      'When the transport is lost, the connection fails.',
      ['src/wire.ts#Wire.closed', 'src/close-record.ts#explainClose'],
      [
        'test/client.test.ts: reads 1006 when the server %s TCP › resets',
        'test/client.test.ts: reads 1006 when the server %s TCP › ends',
      ],
    ),
  ],
  '§7.2.2': [
    kept(
      'server',
      'To abort during the handshake, it closes TCP.',
      ['src/refusals.ts#Refusals.refuse', 'src/refusals.ts#Refusals.sweep'],
      [
        'test/server.test.ts: a refusal says what and why, and ends the connection',
        'test/server.test.ts: a refused peer that does not go away is cut off',
      ],
    ),
  ],
  '§7.4.1': [
    kept(
      'both',
      '1005 does not stand in a Close.',
      ['src/close.ts#isCloseCode', 'src/close.ts#encodeClosePayload'],
      [
        'test/close.test.ts: each of the 65,536 is legal or not, in both directions',
        'test/connection.test.ts: a Close without a code stands for 1005, and 1005 is never written',
        'test/conformance/closing.ts: code 1005 must not be sent',
      ],
    ),
    kept(
      'both',
      '1006 does not stand in a Close.',
      ['src/close.ts#isCloseCode', 'src/close.ts#encodeClosePayload'],
      [
        'test/close.test.ts: each of the 65,536 is legal or not, in both directions',
        'test/connection.test.ts: codes and reasons that must not be sent are the caller’s mistake, and change nothing (§7.4)',
        'test/conformance/closing.ts: code 1006 must not be sent',
      ],
    ),
    kept(
      'both',
      '1015 does not stand in a Close.',
      ['src/close.ts#isCloseCode', 'src/close.ts#encodeClosePayload'],
      [
        'test/close.test.ts: each of the 65,536 is legal or not, in both directions',
        'test/connection.test.ts: codes and reasons that must not be sent are the caller’s mistake, and change nothing (§7.4)',
        'test/conformance/closing.ts: code 1015 must not be sent',
      ],
    ),
  ],
  '§8.1': [
    kept(
      'both',
      'What should be UTF-8 and is not fails the connection.',
      ['src/utf8.ts#Utf8Validator.push', 'src/message.ts#notUtf8', 'src/close.ts#decodeClosePayload'],
      [
        'test/utf8.test.ts: … (…) fails in the piece that holds its first bad octet',
        'test/connection.test.ts: …: …, a reason, the end › text that is not UTF-8',
        'test/connection.test.ts: …: …, a reason, the end › a reason that is not UTF-8',
        'test/conformance/utf8.ts: text: overlong slash in two octets',
        'test/conformance/utf8.ts: in a frame that has not ended: the surrogate U+D800',
        'test/conformance/closing.ts: a reason with a surrogate',
      ],
    ),
  ],
  '§9': [
    kept(
      'server',
      'It answers with no extension that the client did not ask for.',
      ['src/deflate-negotiation.ts#acceptOffer'],
      ['test/conformance/deflate.ts: nothing', 'test/conformance/deflate.ts: permessage-bzip2'],
    ),
    kept(
      'both',
      'Parameters are those that the extension’s own document allows.',
      [
        'src/deflate-negotiation.ts#acceptOffer',
        'src/deflate-negotiation.ts#makeOffer',
        'src/deflate-negotiation.ts#readParameters',
      ],
      [
        'test/conformance/deflate.ts: declined: foo',
        'test/conformance/deflate.ts: declined: server_max_window_bits=7',
        'test/deflate-negotiation.test.ts: refuses %s, %j › permessage-deflate; window=10',
      ],
    ),
  ],
  '§9.1': [
    kept(
      'both',
      'A field that breaks the grammar fails the connection at once.',
      ['src/extensions.ts#parseExtensions', 'src/extensions.ts#malformed'],
      [
        'test/extensions.test.ts: refuses %s › no parameter after the semicolon',
        'test/handshake.test.ts: refuses %s › an extension list that is none',
        'test/handshake.test.ts: fails for %s › a bad extension list',
        'test/conformance/handshake.ts: an offer that is no token',
      ],
    ),
    kept(
      'both',
      'The value in a quoted string is a token once it is unquoted.',
      ['src/extensions.ts#ExtensionScanner.#quotedToken'],
      [
        'test/extensions.test.ts: refuses %s › a quoted value that is no token',
        'test/extensions.test.ts: unquotes',
      ],
    ),
    kept(
      'both',
      'Only registered extensions are named.',
      ['src/deflate-negotiation.ts#deflateExtension'],
      [
        'test/conformance/deflate.ts: permessage-deflate',
        'test/client.test.ts: sends the request of RFC 6455 §4.1, with a key of 16 octets that is new each time',
      ],
    ),
    kept(
      'both',
      'Only parameters that the extension defines are sent.',
      ['src/deflate-negotiation.ts#agreeTo', 'src/deflate-negotiation.ts#makeOffer'],
      [
        'test/conformance/deflate.ts: permessage-deflate; client_max_window_bits=12; server_max_window_bits=13; client_no_context_takeover; server_no_context_takeover',
        'test/client.test.ts: sends the request of RFC 6455 §4.1, with a key of 16 octets that is new each time',
      ],
    ),
    kept(
      'client',
      'An extension that it has offered is not used unless the server takes it.',
      ['src/client-handshake.ts#ClientHandshake.#agree', 'src/client.ts#WebSocketClient.#open'],
      [
        'test/client.test.ts: %s: %i › sets RSV1 without an extension',
        'test/client-deflate.test.ts: uses nothing that it has offered and the server has not taken (RFC 6455 §9.1)',
      ],
    ),
  ],
  '§10.3': [
    kept(
      'client',
      'Each frame has a new key, which its application cannot foretell.',
      ['src/masking-keys.ts#maskingKeys', 'src/client.ts#nextMaskingKey'],
      [
        'test/client.test.ts: masks every frame, each with a key of its own',
        'test/masking-keys.test.ts: takes them from the system: all 32 bits come in both values, and sources differ',
      ],
    ),
  ],
  '§10.4': [
    kept(
      'both',
      'Limits on frames and messages are kept against peers that go over them.',
      ['src/message.ts#MessageAssembler.checkLength', 'src/decoder.ts#Decoder.#check'],
      [
        'test/decoder.test.ts: a message over the limit is refused by its header, before anything is held (§10.4)',
        'test/message.test.ts: headers may take 64 KiB, or as much as the message may',
        'test/connection.test.ts: nothing is stored for a message over the limit, however its header is cut',
        'test/conformance/framing.ts: 2^63 - 1 octets announced: refused before one has come',
        'test/conformance/framing.ts: empty fragments without end: their headers count',
      ],
    ),
  ],
  '§10.6': [
    kept(
      'both',
      'TLS is supported.',
      ['src/listener.ts#Listener.#secured', 'src/client-handshake.ts#ClientHandshake.#connect'],
      [
        'test/listener.test.ts: carries a WebSocket from the handshake to the closing, and the request says so',
        'test/client.test.ts: opens over TLS to a name that the certificate has, and talks',
      ],
    ),
  ],
  '§10.7': [
    kept(
      'both',
      'What arrives is always judged.',
      [
        'src/decoder.ts#Decoder.#check',
        'src/handshake.ts#checkUpgradeRequest',
        'src/handshake.ts#checkUpgradeResponse',
      ],
      [
        'test/connection.test.ts: any octets give events, or one failure with one Close frame; the same for every cut',
        'test/robustness.test.ts: $count of $name',
        'test/robustness.test.ts: reach the rules: every kind of answer was met',
      ],
    ),
  ],
  '§11.1.1': [
    kept(
      'client',
      'A host that is not ASCII is converted (IDNA).',
      ['src/client-address.ts#parseAddress'],
      ['test/client-address.test.ts: takes %s apart › ws://bücher.example/'],
    ),
    kept(
      'client',
      'Other parts that are not ASCII are written as UTF-8 with percent-encoding.',
      ['src/client-address.ts#parseAddress'],
      ['test/client-address.test.ts: takes %s apart › ws://example.com/ä b?ö "'],
    ),
  ],
  '§11.1.2': [
    kept(
      'client',
      'In a wss address, a host that is not ASCII is converted (IDNA).',
      ['src/client-address.ts#parseAddress'],
      [
        'test/client-address.test.ts: takes %s apart › ws://bücher.example/',
        'test/client-address.test.ts: takes %s apart › wss://[2001:DB8::1]',
      ],
    ),
    kept(
      'client',
      'In a wss address, other parts that are not ASCII are written as UTF-8 with percent-encoding.',
      ['src/client-address.ts#parseAddress'],
      [
        'test/client-address.test.ts: takes %s apart › ws://example.com/ä b?ö "',
        'test/client-address.test.ts: takes %s apart › wss://example.com',
      ],
    ),
  ],
  '§11.3.1': [
    kept(
      'both',
      'Sec-WebSocket-Key stands once in a request.',
      ['src/handshake.ts#checkKey', 'src/http-fields.ts#singleton', 'src/handshake.ts#requestFields'],
      [
        'test/handshake.test.ts: refuses %s › two keys',
        'test/handshake.test.ts: refuses %s › its own fields',
        'test/conformance/handshake.ts: two keys',
      ],
    ),
  ],
  '§11.3.2': [
    kept(
      'server',
      'Sec-WebSocket-Extensions stands at most once in a response.',
      ['src/handshake.ts#encodeUpgradeReply', 'src/handshake.ts#replyFields'],
      [
        'test/handshake.test.ts: carries subprotocol, extensions and more fields',
        'test/handshake.test.ts: cannot be broken by what it is given',
      ],
    ),
  ],
  '§11.3.3': [
    kept(
      'server',
      'Sec-WebSocket-Accept stands once in a response.',
      [
        'src/handshake.ts#encodeUpgradeReply',
        'src/handshake.ts#replyFields',
        'src/handshake.ts#checkUpgradeResponse',
      ],
      [
        'test/handshake.test.ts: is the 101 of RFC 6455 §1.3, octet by octet',
        'test/handshake.test.ts: cannot be broken by what it is given',
        'test/handshake.test.ts: fails for %s › two accept values',
      ],
    ),
  ],
  '§11.3.4': [
    kept(
      'server',
      'Sec-WebSocket-Protocol stands at most once in a response.',
      [
        'src/handshake.ts#encodeUpgradeReply',
        'src/handshake.ts#replyFields',
        'src/handshake.ts#checkUpgradeResponse',
      ],
      [
        'test/handshake.test.ts: carries subprotocol, extensions and more fields',
        'test/handshake.test.ts: cannot be broken by what it is given',
        'test/handshake.test.ts: fails for %s › subprotocols on two lines',
      ],
    ),
  ],
  '§11.3.5': [
    kept(
      'both',
      'Sec-WebSocket-Version stands once in a request.',
      [
        'src/handshake.ts#checkUpgradeFields',
        'src/http-fields.ts#singleton',
        'src/handshake.ts#requestFields',
      ],
      [
        'test/handshake.test.ts: refuses %s › two versions',
        'test/conformance/handshake.ts: the version twice',
      ],
    ),
  ],
};

const should: Sections = {
  '§4.1': [
    notApplicable(
      'client',
      'Behind a proxy that resolves names, it limits how many connections are under way at once.',
      'It uses no proxy: names are resolved here.',
    ),
    notKept(
      'client',
      'Where a proxy is configured, it connects through it.',
      'Our client has no notion of a proxy; Node has no setting for one either.',
    ),
    kept(
      'client',
      'Without a proxy, it connects straight to host and port.',
      ['src/client-handshake.ts#ClientHandshake.#connect'],
      [
        'test/client.test.ts: sends the request of RFC 6455 §4.1, with a key of 16 octets that is new each time',
      ],
    ),
  ],
  '§4.2.1': [
    kept(
      'server',
      'A request without Origin is not taken for a browser’s.',
      ['src/handshake.ts#checkOrigin'],
      [
        'test/handshake.test.ts: allows pages of the same origin and clients that are no browser',
        'test/conformance/handshake.ts: no Origin: no browser',
      ],
    ),
  ],
  '§5.5.1': [
    kept(
      'both',
      'A Close is answered as soon as can be.',
      ['src/connection.ts#Connection.#receiveClose'],
      ['test/connection.test.ts: the peer closes first with …: it is echoed, and the server ends TCP'],
    ),
    kept(
      'client',
      'After both Closes it waits for the server to close TCP.',
      ['src/connection.ts#Connection.takeOutput'],
      [
        'test/client.test.ts: answers the server’s Close with %i, and leaves the end of TCP to it (§7.1.1)',
        'test/client.test.ts: cuts TCP cleanly when the server closed and does not end it in time',
      ],
    ),
  ],
  '§5.5.2': [
    kept(
      'both',
      'A Ping is answered as soon as can be.',
      ['src/connection.ts#Connection.#receiveControl'],
      [
        'test/connection.test.ts: the Pong is there before the event, inside a fragmented message, one for each',
        'test/conformance/control-frames.ts: a Ping is answered while its message is still unfinished',
      ],
    ),
  ],
  '§7.1.1': [
    kept(
      'both',
      'TCP, and TLS, are closed in order; what still arrives is dropped.',
      ['src/wire.ts#Wire.#flush', 'src/connection.ts#Connection.receive'],
      [
        'test/socket.test.ts: the peer closes: its code comes back, TCP is ended by the server first, and the record says who',
        'test/conformance/closing.ts: text after a violation is ignored',
        'test/listener.test.ts: carries a WebSocket from the handshake to the closing, and the request says so',
      ],
    ),
    kept(
      'server',
      'The server is the first to close TCP.',
      ['src/connection.ts#Connection.takeOutput', 'src/wire.ts#Wire.#flush'],
      [
        'test/socket.test.ts: the peer closes: its code comes back, TCP is ended by the server first, and the record says who',
      ],
    ),
    kept(
      'server',
      'A server that closes does so at once.',
      ['src/connection.ts#Connection.takeOutput', 'src/wire.ts#Wire.#flush'],
      [
        'test/connection.test.ts: the peer closes first with …: it is echoed, and the server ends TCP',
        'test/conformance/closing.ts: code 1001 is echoed',
      ],
    ),
    kept(
      'client',
      'A client that closes waits for the server to close TCP.',
      ['src/connection.ts#Connection.takeOutput', 'src/wire.ts#Wire.sweep'],
      [
        'test/client.test.ts: starts with %s %j',
        'test/client.test.ts: cuts TCP cleanly when the server closed and does not end it in time',
      ],
    ),
  ],
  '§7.1.2': [
    kept(
      'both',
      'After a Close each way the connection is closed.',
      ['src/connection.ts#Connection.takeOutput'],
      ['test/connection.test.ts: we close first with …'],
    ),
  ],
  '§7.1.7': [
    kept(
      'server',
      'It logs why it failed a connection.',
      ['src/close-record.ts#explainClose'],
      [
        'test/socket.test.ts: a violation is answered with its code, recorded with its section, and what follows is ignored',
      ],
    ),
    kept(
      'both',
      'Before it closes for a failure, it sends a Close with a fitting code.',
      ['src/connection.ts#Connection.#fail'],
      ['test/connection.test.ts: …: …, a reason, the end', 'test/conformance/framing.ts: opcode 0x3, empty'],
    ),
    kept(
      'client',
      'It does not close the connection for other reasons.',
      ['src/client.ts#WebSocketClient', 'src/wire.ts#Wire.sweep'],
      [
        'test/client.test.ts: hands out text, binary and fragments, with pings between them',
        'test/client.test.ts: gives the events to who listens, with the record, and the promise too',
      ],
    ),
  ],
  '§7.2.1': [
    kept(
      'client',
      'It does not close the connection for other reasons than those given.',
      ['src/client.ts#WebSocketClient', 'src/wire.ts#Wire.sweep'],
      [
        'test/client.test.ts: hands out text, binary and fragments, with pings between them',
        'test/client.test.ts: gives the events to who listens, with the record, and the promise too',
      ],
    ),
  ],
  '§7.2.3': [
    kept(
      'client',
      'After an abnormal end it waits before it connects again.',
      ['src/chat-client/connector.ts#backOff'],
      [
        'test/chat-client/connector.test.ts: after a loss it waits, longer each time, and begins anew after a good connection',
      ],
    ),
    kept(
      'client',
      'The first wait is a random one.',
      ['src/chat-client/connector.ts#backOff'],
      ['test/chat-client/connector.test.ts: stays within half a second and the ceiling, and uses all of it'],
    ),
    kept(
      'client',
      'Later waits become longer.',
      ['src/chat-client/connector.ts#backOff'],
      [
        'test/chat-client/connector.test.ts: after a loss it waits, longer each time, and begins anew after a good connection',
      ],
    ),
  ],
  '§7.3': [
    kept(
      'client',
      'It does not close the connection as it pleases.',
      ['src/client.ts#WebSocketClient', 'src/wire.ts#Wire.sweep'],
      [
        'test/client.test.ts: hands out text, binary and fragments, with pings between them',
        'test/client.test.ts: gives the events to who listens, with the record, and the promise too',
      ],
    ),
  ],
  '§7.4.1': [
    notApplicable(
      'client',
      'With 1010, the reason lists the extensions that are needed.',
      'Our client needs no extension, so it never closes with 1010 of its own accord.',
    ),
  ],
  '§10.2': [
    kept(
      'server',
      'A server for certain sites checks that the origin is one of them.',
      ['src/handshake.ts#checkOrigin'],
      [
        'test/handshake.test.ts: refuses pages of %j by default › https://evil.example',
        'test/handshake.test.ts: lets a list allow others besides',
        'test/conformance/handshake.ts: a host that ends like ours',
      ],
    ),
    kept(
      'server',
      'An origin that is not welcome gets 403.',
      ['src/handshake.ts#checkOrigin'],
      [
        'test/handshake.test.ts: refuses pages of %j by default › https://evil.example',
        'test/conformance/handshake.ts: a foreign origin',
      ],
    ),
  ],
  '§10.4': [
    kept(
      'both',
      'Frames and messages have a limit.',
      ['src/message.ts#MessageAssembler.checkLength', 'src/options.ts#resolveOptions'],
      [
        'test/connection.test.ts: the limit is 1 MiB unless told',
        'test/conformance/framing.ts: one octet over the limit in fragments: refused at the header that goes over',
      ],
    ),
  ],
  '§10.6': [
    kept(
      'both',
      'TLS is used.',
      ['src/listener.ts#Listener.#secured', 'src/client-handshake.ts#ClientHandshake.#connect'],
      [
        'test/listener.test.ts: carries a WebSocket from the handshake to the closing, and the request says so',
        'test/client.test.ts: opens over TLS to a name that the certificate has, and talks',
      ],
    ),
  ],
  '§10.7': [
    kept(
      'both',
      'Bad data after the handshake is answered with a Close with a fitting code.',
      ['src/connection.ts#Connection.#fail'],
      [
        'test/connection.test.ts: …: …, a reason, the end',
        'test/conformance/utf8.ts: good text, then bad text',
      ],
    ),
    kept(
      'server',
      'Bad data in the handshake is answered with a fitting HTTP status.',
      ['src/handshake.ts#checkUpgradeRequest', 'src/refusals.ts#Refusals.refuse'],
      [
        'test/handshake.test.ts: are accepted or refused with one HttpError that can be sent',
        'test/conformance/handshake.ts: a space before the colon',
      ],
    ),
  ],
};

/** In small letters, but binding all the same. */
const smallLetters: Sections = {
  '§4.2.1': [
    kept(
      'server',
      'It reads as much of the request as the response depends on.',
      ['src/http-head.ts#HeadReader', 'src/http-head.ts#parseRequestHead'],
      ['test/server.test.ts: the head may come in any pieces'],
    ),
  ],
  '§5.4': [
    kept(
      'both',
      'Without extensions, nothing depends on where frames begin and end.',
      ['src/message.ts#MessageAssembler.push'],
      ['test/decoder.test.ts: any messages, fragmented and chopped anyhow, arrive as they were'],
    ),
  ],
  '§5.5.1': [
    kept(
      'client',
      'A Close that it sends is masked.',
      ['src/connection.ts#Connection.#append'],
      [
        'test/connection.test.ts: each frame of a client has the next key',
        'test/conformance/framing.ts: Close without a mask',
      ],
    ),
  ],
  '§5.5.3': [
    kept(
      'both',
      'A Pong has the payload of the Ping that it answers.',
      ['src/connection.ts#Connection.#receiveControl'],
      [
        'test/connection.test.ts: a Ping is answered at once by a Pong with the same octets',
        'test/connection.test.ts: what the handler does to the payload does not reach the Pong',
        'test/conformance/control-frames.ts: a Ping of 125 octets that are no text',
      ],
    ),
  ],
  '§10.1': [
    kept(
      'server',
      'It counts on being reached by something else than a browser.',
      ['src/handshake.ts#checkUpgradeRequest'],
      ['test/robustness.test.ts: $count of $name'],
    ),
  ],
  '§10.3': [
    kept(
      'client',
      'The payload of a frame cannot be changed any more once sending has begun.',
      ['src/output.ts#OutputBuffer.appendFrame'],
      [
        'test/output.test.ts: a masked payload is copied at any length, for the caller’s octets are not ours to change',
      ],
    ),
    kept(
      'client',
      'Data that comes later goes in a new frame, with a new key.',
      ['src/connection.ts#Connection.send'],
      ['test/connection.test.ts: each frame of a client has the next key'],
    ),
    kept(
      'client',
      'What is under way is out of the application’s reach.',
      ['src/output.ts#OutputBuffer.appendFrame'],
      [
        'test/output.test.ts: a masked payload is copied at any length, for the caller’s octets are not ours to change',
      ],
    ),
  ],
};

export const rfc6455: Ledger = {
  rfc: 6455,
  title: 'The WebSocket Protocol',
  entries: [
    ...numbered(6455, 'MUST', must),
    ...numbered(6455, 'SHOULD', should),
    ...numbered(6455, 'must', smallLetters),
  ],
  counts: {
    MUST: {
      '§3': 2,
      '§4.1': 39,
      '§4.2.1': 1,
      '§4.2.2': 10,
      '§4.3': 1,
      '§4.4': 1,
      '§5.1': 4,
      '§5.2': 10,
      '§5.3': 4,
      '§5.4': 10,
      '§5.5': 2,
      '§5.5.1': 6,
      '§5.5.2': 1,
      '§5.6': 1,
      '§5.8': 1,
      '§6.1': 8,
      '§6.2': 5,
      '§7.1.2': 1,
      '§7.1.7': 3,
      '§7.2.1': 2,
      '§7.2.2': 1,
      '§7.4.1': 3,
      '§8.1': 1,
      '§9': 2,
      '§9.1': 5,
      '§10.3': 1,
      '§10.4': 1,
      '§10.6': 1,
      '§10.7': 1,
      '§11.1.1': 2,
      '§11.1.2': 2,
      '§11.3.1': 1,
      '§11.3.2': 1,
      '§11.3.3': 1,
      '§11.3.4': 1,
      '§11.3.5': 1,
    },
    SHOULD: {
      '§4.1': 3,
      '§4.2.1': 1,
      '§5.5.1': 2,
      '§5.5.2': 1,
      '§7.1.1': 4,
      '§7.1.2': 1,
      '§7.1.7': 3,
      '§7.2.1': 1,
      '§7.2.3': 3,
      '§7.3': 1,
      '§7.4.1': 1,
      '§10.2': 2,
      '§10.4': 1,
      '§10.6': 1,
      '§10.7': 2,
    },
  },
};
