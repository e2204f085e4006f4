/** The first thing that every connection is told. Called by session.ts. */
import {
  encodePush,
  imageTypes,
  maximumEventLength,
  maximumImageLength,
  maximumPageLength,
  maximumRoomNameLength,
  maximumTextLength,
  maximumTopicLength,
  type PushData,
  protocolVersion,
} from './events.ts';
import { nameLength } from './names.ts';

/** @param isKnown whether the connection came with a token that is good */
export function helloTo(
  connection: string,
  isKnown: boolean,
  entry: PushData<'server:hello'>['entry'],
  now: number,
): string {
  return encodePush('server:hello', {
    protocol: protocolVersion,
    limits: {
      nameLength: nameLength.maximum,
      textLength: maximumTextLength,
      imageLength: maximumImageLength,
      imageTypes: [...imageTypes],
      pageLength: maximumPageLength,
      eventLength: maximumEventLength,
      roomNameLength: maximumRoomNameLength,
      topicLength: maximumTopicLength,
    },
    time: now,
    connection,
    entry,
    known: isKnown,
  });
}
