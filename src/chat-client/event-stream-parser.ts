/**
 * Reads `text/event-stream` (HTML §9.2.6) out of chunks that are cut anywhere. Pure; fetch-stream.ts feeds it what
 * `fetch` brings, since an EventSource takes no fields of its own.
 */

/** The most UTF-16 units that one event and one line may have: more than the largest Entrance. */
export const maximumStreamEventLength = 4 * 1024 * 1024;

export interface StreamEvent {
  /** `message` when the stream named none. */
  readonly type: string;
  readonly data: string;
  /** The last id that the stream gave, with this event or before; empty when there was none. */
  readonly id: string;
}

export interface EventStreamParser {
  /**
   * Takes the next octets, which are only read. @returns the events that they complete, in order
   * @throws RangeError when a line or an event grows over `maximumStreamEventLength`
   */
  push(chunk: Uint8Array): StreamEvent[];
}

export function createEventStreamParser(): EventStreamParser {
  // Leaves out a byte order mark at the beginning, as the format asks for.
  const decoder = new TextDecoder();
  /** The line so far. */
  let rest = '';
  /** The last line ended with a CR at the end of a chunk: an LF that follows belongs to it. */
  let afterReturn = false;
  let type = '';
  let data: string[] = [];
  let dataLength = 0;
  let id = '';

  function line(text: string, events: StreamEvent[]) {
    if (text === '') return dispatch(events);
    const colon = text.indexOf(':');
    // A comment, as servers send to keep the connection from being taken for dead.
    if (colon === 0) return;
    const field = colon === -1 ? text : text.slice(0, colon);
    const value = colon === -1 ? '' : text.slice(text[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') type = value;
    else if (field === 'data') addData(value);
    else if (field === 'id' && !value.includes('\0')) id = value;
  }

  function addData(value: string) {
    dataLength += value.length + 1;
    checkLength(dataLength);
    data.push(value);
  }

  function dispatch(events: StreamEvent[]) {
    if (data.length > 0) events.push({ type: type === '' ? 'message' : type, data: data.join('\n'), id });
    type = '';
    data = [];
    dataLength = 0;
  }

  return {
    push(chunk) {
      const events: StreamEvent[] = [];
      let text = decoder.decode(chunk, { stream: true });
      if (text === '') return events;
      if (afterReturn && text.startsWith('\n')) text = text.slice(1);
      afterReturn = text.endsWith('\r');
      const lineEnd = /\r\n|\r|\n/g;
      // What was there before has no line end: it is not looked at again.
      lineEnd.lastIndex = rest.length;
      text = rest + text;
      let start = 0;
      for (let end = lineEnd.exec(text); end !== null; end = lineEnd.exec(text)) {
        line(text.slice(start, end.index), events);
        start = lineEnd.lastIndex;
      }
      rest = text.slice(start);
      checkLength(rest.length);
      return events;
    },
  };
}

function checkLength(length: number) {
  if (length > maximumStreamEventLength) {
    throw new RangeError(`An event of the stream has over ${maximumStreamEventLength} characters.`);
  }
}
