/** Names that several parts of the page at /lab/bench use. */

export const kindTitles = { server: 'Servers', codec: 'Codec alone', isolation: 'Isolation' } as const;
