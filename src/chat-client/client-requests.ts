/**
 * The requests of a program from `emit` to their answer, over as many links as it takes: those with a nonce are sent
 * again, in their order, until they are answered; the others are lost with their link. client.ts owns it.
 */
import type { ReplyData, RequestInput, RequestName } from '../chat/events.ts';
import { ChatError, refusedError } from './client-types.ts';
import type { Link } from './link.ts';

interface Pending {
  readonly name: RequestName;
  /** The link that it was sent over and is open on. */
  sentOver: Link | undefined;
  send(link: Link): void;
  reject(error: ChatError): void;
}

export interface Requests {
  emit<Name extends RequestName>(
    name: Name,
    data: RequestInput<Name>,
    timeout: number,
  ): Promise<ReplyData<Name>>;
  /** Requests may go out over this link; undefined for none at the moment. */
  use(link: Link | undefined): void;
  /** Rejects what is open, and everything from now on. */
  end(error: ChatError): void;
}

export function createRequests(after: (milliseconds: number, callback: () => void) => () => void): Requests {
  /** In the order in which they were made. */
  const pending = new Set<Pending>();
  let link: Link | undefined;
  let over: ChatError | undefined;

  function send(request: Pending) {
    if (link === undefined || request.sentOver !== undefined) return;
    request.sentOver = link;
    request.send(link);
  }

  return {
    emit(name, data, timeout) {
      return new Promise<ReplyData<typeof name>>((resolve, reject) => {
        if (over !== undefined) return reject(over);
        const again = 'nonce' in data;
        const finish = () => {
          cancelTimeout();
          return pending.delete(request);
        };
        const request: Pending = {
          name,
          sentOver: undefined,
          send(over) {
            over.request(name, data, (outcome) => {
              if (!pending.has(request)) return;
              if (outcome.status === 'lost' && again) {
                request.sentOver = undefined;
                // The old link ends after another has taken its place.
                if (link !== over) send(request);
                return;
              }
              finish();
              if (outcome.status === 'ok') resolve(outcome.data);
              else if (outcome.status === 'refused') reject(refusedError(outcome.failure));
              else reject(new ChatError('lost', `The connection ended before ${name} was answered.`));
            });
          },
          reject(error) {
            if (finish()) reject(error);
          },
        };
        const cancelTimeout = after(timeout, () =>
          request.reject(new ChatError('timeout', `${name} was not answered within ${timeout} ms.`)),
        );
        pending.add(request);
        send(request);
      });
    },
    use(next) {
      link = next;
      for (const request of [...pending]) send(request);
    },
    end(error) {
      over = error;
      for (const request of [...pending]) request.reject(error);
    },
  };
}
