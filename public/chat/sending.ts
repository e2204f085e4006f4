/** The request that carries out a command of the outbox. Every one of them is answered with a Receipt. */
import type { Link, Outcome } from '../../src/chat-client/link.ts';
import type { OutboxItem } from './outbox.ts';

/** Sends an item over a link; `done` is called once. A picture must have been uploaded. */
export function send(link: Link, item: OutboxItem, done: (outcome: Outcome<'message:send'>) => void): void {
  const { nonce, room, command } = item;
  switch (command.type) {
    case 'text':
    case 'image': {
      const content =
        command.type === 'text'
          ? ({ type: 'text', text: command.text } as const)
          : ({ type: 'image', image: command.image?.id ?? '' } as const);
      const reply = command.replyTo === undefined ? {} : { replyTo: command.replyTo.id };
      link.request('message:send', { room, nonce, content, ...reply }, done);
      break;
    }
    case 'edit': {
      const { target, text } = command;
      link.request('message:edit', { room, nonce, target: target.id, text }, (outcome) => done(outcome));
      break;
    }
    case 'delete':
      link.request('message:delete', { room, nonce, target: command.target.id }, (outcome) => done(outcome));
      break;
    case 'reaction': {
      const { emoji, on, target } = command;
      const data = { room, nonce, target: target.id, emoji, on };
      link.request('message:react', data, (outcome) => done(outcome));
      break;
    }
  }
}
