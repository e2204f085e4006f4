/**
 * A bot for the chat, written from docs/chat-protocol.md alone: it rolls dice and tells the time, comes back after a
 * restart of the server, and answers nothing twice. With the chat running (npm start):
 *
 *   npx tsx examples/bot.ts ws://127.0.0.1:8080/chat Dicey        then say: !roll 2d6
 */
import { connect, retryAfterOf } from '../src/index.ts';

const [url = 'ws://127.0.0.1:8080/chat', name = 'Dicey'] = process.argv.slice(2);

let token: string | undefined; // kept while the bot runs; a file would let it come back after its own restart too
let me = ''; // our member id
let since: { epoch: string; offset: number } | undefined; // the newest message that was seen

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
  const read = (message: { offset: number; author: { id: string }; content: { text?: string } }) => {
    if (since !== undefined) since = { ...since, offset: message.offset };
    const reply = message.author.id === me ? undefined : answer(message.content.text ?? '');
    // Named after what it answers, so the server takes it once, however often it is sent.
    const nonce = `answer-to-${message.offset}`;
    if (reply !== undefined) send('message:send', 2, { nonce, content: { type: 'text', text: reply } });
  };
  socket.onmessage = (message) => {
    const { event, id, data } = JSON.parse(String(message.data));
    if (event === 'server:hello' && token === undefined) send('session:enter', 1, { name });
    else if (event === 'server:hello') send('session:resume', 1, { token, ...(since && { since }) });
    else if (event === 'reply:ok' && id === 1) {
      token = data.token ?? token;
      send('heartbeat:ping', 3, {}); // shows that the token has arrived: from now on the name is kept
      me = data.member.id;
      const known = data.recovered ? since?.offset : data.messages.at(-1)?.offset;
      since = { epoch: data.epoch, offset: known ?? 0 };
      if (data.recovered) data.messages.forEach(read); // what was said while we were away
      console.log(`${data.member.name} is in ${data.room} with ${data.members.length - 1} others`);
    } else if (event === 'message:new') read(data.message);
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
