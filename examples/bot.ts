/**
 * A bot for the chat, written from docs/chat-protocol.md alone: it rolls dice and tells the time in every room that it is
 * in, comes back after a restart of the server, and answers nothing twice. With the chat running (npm start):
 *
 *   npx tsx examples/bot.ts ws://127.0.0.1:8080/chat Dicey        then say: !roll 2d6
 */
import { connect, retryAfterOf } from '../src/index.ts';

const [url = 'ws://127.0.0.1:8080/chat', name = 'Dicey'] = process.argv.slice(2);

let token: string | undefined; // kept while the bot runs; a file would let it come back after its own restart too
let me = ''; // our member id
let since: { epoch: string; offset: number } | undefined; // up to where we have everything, in all rooms

type RoomEvent = {
  type: string;
  room: string;
  offset: number;
  author: { id: string };
  content?: { text?: string };
};

function answer(text: string): string | undefined {
  if (text === '!time') return new Date().toISOString();
  const [, count = 0, sides = 0] = (/^!roll (\d{1,2})d(\d{1,4})$/.exec(text) ?? []).map(Number);
  if (count < 1 || sides < 1) return text.startsWith('!roll') ? 'Like this: !roll 2d6' : undefined;
  const dice = Array.from({ length: count }, () => 1 + Math.floor(Math.random() * sides));
  return `${dice.join(' + ')} = ${dice.reduce((sum, die) => sum + die)}`;
}

function join(): void {
  const socket = connect(url);
  const send = (event: string, id: number, data: object) => socket.send(JSON.stringify({ event, id, data }));
  const read = ({ type, room, offset, author, content }: RoomEvent) => {
    if (since !== undefined) since = { ...since, offset };
    const text = type === 'message' && author.id !== me ? answer(content?.text ?? '') : undefined;
    // Named after what it answers, so the server takes it once, however often it is sent.
    const nonce = `answer-to-${offset}`;
    if (text !== undefined) send('message:send', 2, { room, nonce, content: { type: 'text', text } });
  };
  socket.onmessage = (message) => {
    const { event, id, data } = JSON.parse(String(message.data));
    if (event === 'server:hello' && token === undefined) send('session:enter', 1, { name });
    else if (event === 'server:hello') send('session:resume', 1, { token, ...(since && { since }) });
    else if (event === 'reply:ok' && id === 1) {
      token = data.token ?? token;
      send('heartbeat:ping', 3, {}); // shows that the token has arrived: from now on the name is kept
      me = data.member.id;
      const missed: RoomEvent[] = data.recovered ? data.events : []; // what was said while we were away
      if (!data.recovered) since = data.cursor;
      missed.forEach(read);
      console.log(
        `${data.member.name} is in ${data.rooms.map((room: { name: string }) => room.name).join(', ')}`,
      );
    } else if (event === 'room:event') read(data.event);
    else if (event === 'reply:error') {
      console.error(data.message);
      if (id === 1) process.exit(1); // not let in: the name is taken, or the token has expired
    }
  };
  socket.onclose = ({ reason, record }) => {
    console.error(record.explanation);
    // Everybody comes back after a restart, so not all at the same moment: the server's hint says when, if it gave one.
    setTimeout(join, retryAfterOf(reason) ?? 500 + Math.random() * 4500);
  };
}

join();
