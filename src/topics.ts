/**
 * Who gets what is published: topics and their subscribers, indexed both ways so that leaving is cheap. Pure
 * bookkeeping, called by server.ts.
 */
export class Topics<Subscriber> {
  readonly #subscribers = new Map<string, Set<Subscriber>>();
  readonly #topics = new Map<Subscriber, Set<string>>();

  /** The subscribers of a topic, in the order in which they came; a live view. */
  of(topic: string): Iterable<Subscriber> {
    return this.#subscribers.get(topic) ?? [];
  }

  /** Whether it is in any topic. */
  has(subscriber: Subscriber): boolean {
    return this.#topics.has(subscriber);
  }

  /** Doing it twice is doing it once. */
  subscribe(subscriber: Subscriber, topic: string): void {
    addTo(this.#subscribers, topic, subscriber);
    addTo(this.#topics, subscriber, topic);
  }

  unsubscribe(subscriber: Subscriber, topic: string): void {
    removeFrom(this.#subscribers, topic, subscriber);
    removeFrom(this.#topics, subscriber, topic);
  }

  /** The subscriber is gone: it leaves every topic. */
  remove(subscriber: Subscriber): void {
    for (const topic of this.#topics.get(subscriber) ?? []) removeFrom(this.#subscribers, topic, subscriber);
    this.#topics.delete(subscriber);
  }
}

function addTo<Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, new Set([value]));
  else values.add(value);
}

function removeFrom<Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values?.delete(value) && values.size === 0) map.delete(key);
}
