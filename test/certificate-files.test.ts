// Certificates on the disk, replaced as others replace them, with a clock that is moved by hand.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { CertificateError, CertificateFiles } from '../src/certificate-files.ts';
import type { TlsCertificate } from '../src/index.ts';
import { certificate, type TestCertificate } from './support/certificates.ts';
import { FakeClock, recordingLogger, temporaryDirectory } from './support/chat.ts';

const [first, second] = [certificate('first'), certificate('second')];

/** The files, watched every five seconds, and what was made of them. */
async function watch(refuse: (pair: TlsCertificate) => void = () => {}) {
  const directory = temporaryDirectory();
  const paths = { cert: join(directory, 'chat.crt'), key: join(directory, 'chat.key') };
  const put = (pair: Partial<TestCertificate>): void => {
    if (pair.cert !== undefined) writeFileSync(paths.cert, pair.cert);
    if (pair.key !== undefined) writeFileSync(paths.key, pair.key);
  };
  put(first);
  const logger = recordingLogger();
  const files = await CertificateFiles.open(paths, logger);
  const applied: string[] = [];
  const clock = new FakeClock();
  const stop = files.watch(clock, (pair) => {
    refuse(pair);
    applied.push(
      [first, second].findIndex(({ cert }) => cert === String(pair.cert)) === 0 ? 'first' : 'second',
    );
  });
  /** Five seconds pass. */
  const look = async (): Promise<void> => {
    clock.advance(5000);
    // The look that has begun, or a new one when there is none.
    await files.look();
  };
  const said = () => logger.lines.map(({ level, text }) => `${level} ${text}`);
  return { paths, put, files, applied, look, clock, stop, said, lines: logger.lines };
}

describe('at the start', () => {
  it('both are read', async () => {
    const { files } = await watch();
    expect(String(files.certificate.cert)).toBe(first.cert);
    expect(String(files.certificate.key)).toBe(first.key);
  });

  it.each<[string, Partial<TestCertificate>, string]>([
    ['no certificate', { cert: '' }, 'CERT holds no certificate in PEM form.'],
    ['a key instead', { cert: first.key }, 'CERT holds no certificate in PEM form.'],
    ['octets without PEM', { cert: '\x30\x82\x01\x0a' }, 'CERT holds no certificate in PEM form.'],
    [
      'no key',
      { key: first.cert },
      'KEY holds no private key in PEM form that can be used without a passphrase.',
    ],
    ['another key', { key: second.key }, 'The key in KEY is not that of the first certificate in CERT.'],
  ])('%s is refused in one line', async (_, wrong, line) => {
    const { paths, put } = await watch();
    put(wrong);
    const opening = CertificateFiles.open(paths, recordingLogger());
    const message = line.replace('CERT', paths.cert).replace('KEY', paths.key);
    await expect(opening).rejects.toThrow(new CertificateError(message));
  });

  it('a file that is not there is named', async () => {
    const { paths } = await watch();
    rmSync(paths.key);
    const opening = CertificateFiles.open(paths, recordingLogger());
    await expect(opening).rejects.toThrow(`The file ${paths.key} cannot be read (ENOENT).`);
  });
});

describe('while they are watched', () => {
  it('a new pair is used once two looks have found the same', async () => {
    const { put, files, applied, look, said, lines, paths } = await watch();
    await look();
    put(second);
    await look();
    expect(applied).toEqual([]);
    await look();
    expect(applied).toEqual(['second']);
    expect(String(files.certificate.cert)).toBe(second.cert);
    expect(said()).toEqual(['info the certificate was read again and is used from now on']);
    expect(lines[0]?.details).toEqual({ file: paths.cert, validTo: 'Jan  1 00:00:00 2050 GMT' });
    await look();
    expect(applied).toEqual(['second']);
  });

  it('a pair of which one half comes later is not tried in between', async () => {
    const { put, applied, look, said } = await watch();
    put({ cert: second.cert });
    await look();
    put({ key: second.key });
    await look();
    expect([applied, said()]).toEqual([[], []]);
    await look();
    expect(applied).toEqual(['second']);
  });

  it('what cannot be used is said once, and used when it is mended', async () => {
    const { put, files, applied, look, said, paths } = await watch();
    put({ key: second.key });
    for (let times = 0; times < 4; times++) await look();
    const line = `error the old certificate stays: The key in ${paths.key} is not that of the first certificate in ${paths.cert}.`;
    expect(said()).toEqual([line]);
    expect(String(files.certificate.key)).toBe(first.key);
    rmSync(paths.cert);
    for (let times = 0; times < 3; times++) await look();
    expect(said()).toEqual([
      line,
      `error the old certificate stays: The file ${paths.cert} cannot be read (ENOENT).`,
    ]);
    put(second);
    for (let times = 0; times < 2; times++) await look();
    expect(applied).toEqual(['second']);
  });

  it('a pair that goes back to what is in use is forgotten, and said again when it comes again', async () => {
    const { put, look, said } = await watch();
    for (let times = 0; times < 2; times++) {
      put({ key: second.key });
      for (let looks = 0; looks < 2; looks++) await look();
      put(first);
      await look();
    }
    expect(said()).toHaveLength(2);
  });

  it('the old one stays when the server does not take the new one', async () => {
    const { put, files, look, said } = await watch(() => {
      throw new Error('ee key too small');
    });
    put(second);
    for (let times = 0; times < 3; times++) await look();
    expect(said()).toEqual(['error the old certificate stays: ee key too small']);
    expect(String(files.certificate.cert)).toBe(first.cert);
  });

  it('nothing is looked at after the end', async () => {
    const { clock, files, stop } = await watch();
    const look = vi.spyOn(files, 'look');
    clock.advance(5000);
    expect(look).toHaveBeenCalledTimes(1);
    stop();
    clock.advance(60_000);
    expect(look).toHaveBeenCalledTimes(1);
  });
});

describe('when somebody asks', () => {
  it('what is there is used at once', async () => {
    const { put, files, applied } = await watch();
    put(second);
    await files.reload();
    expect(applied).toEqual(['second']);
  });

  it('what cannot be used is said each time', async () => {
    const { put, files, applied, said } = await watch();
    put({ cert: '' });
    await files.reload();
    await files.reload();
    expect(applied).toEqual([]);
    expect(said()).toHaveLength(2);
  });
});
