/**
 * What is used of `fetch` (WHATWG Fetch §5) by the transports over HTTP.
 */

export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  readonly cache: 'no-store';
  readonly keepalive?: boolean;
}

export interface FetchResponse {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: { getReader(): FetchReader } | null;
  text(): Promise<string>;
}

export interface FetchReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;
