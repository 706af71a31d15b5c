import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkEndpoint,
  type Guard,
  isPublicAddress,
  webhookAllowSchema,
} from '../../../shared/service/webhooks/guard.ts';

/** A resolver that knows one name. */
const guardOf = (addresses: readonly string[], webhookAllow: readonly string[] = []): Guard => ({
  webhookAllow,
  lookup: async () => addresses,
});
const PUBLIC = guardOf(['93.184.216.34', '2606:2800:220:1::1']);

async function isRefused(url: string, guard: Guard): Promise<boolean> {
  try {
    await checkEndpoint(url, guard);
    return false;
  } catch (error) {
    expect(error).toMatchObject({ name: 'RewoundError', code: 'ENDPOINT_REFUSED' });
    return true;
  }
}

describe('an endpoint may be', () => {
  test.each([
    ['https://hooks.example.com/rewound', 'https://hooks.example.com/rewound'],
    ['https://hooks.example.com:443/', 'https://hooks.example.com/'],
    ['https://hooks.example.com:8443/a?b=c', 'https://hooks.example.com:8443/a?b=c'],
    ['https://HOOKS.example.com', 'https://hooks.example.com/'],
    ['https://bücher.example.com/', 'https://xn--bcher-kva.example.com/'],
    ['https://93.184.216.34/', 'https://93.184.216.34/'],
    ['https://[2606:2800:220:1::1]/', 'https://[2606:2800:220:1::1]/'],
  ])('%s', async (url, kept) => {
    expect(await checkEndpoint(url, PUBLIC)).toBe(kept);
  });
});

/** Whatever the resolver says: it says a public address here. */
const HOSTILE = [
  // No plain http, no other scheme, no other port.
  'http://hooks.example.com/',
  'ftp://hooks.example.com/',
  'file:///etc/passwd',
  'gopher://hooks.example.com/',
  'javascript:alert(1)',
  'hooks.example.com',
  '//hooks.example.com/',
  '',
  'https://',
  'https://hooks.example.com:22/',
  'https://hooks.example.com:8080/',
  'https://hooks.example.com:0/',
  'https://hooks.example.com:99999/',
  // Credentials and fragments.
  'https://user@hooks.example.com/',
  'https://user:password@hooks.example.com/',
  'https://:password@hooks.example.com/',
  'https://hooks.example.com/#fragment',
  'https://hooks.example.com/#',
  'https://hooks.example.com#@127.0.0.1/',
  // Names of inside.
  'https://localhost/',
  'https://LOCALHOST/',
  'https://localhost./',
  'https://ⓛocalhost/',
  'https://a.localhost/',
  'https://printer.local/',
  'https://metadata.google.internal/computeMetadata/v1/',
  'https://metadata.google.internal./',
  'https://metadata/',
  'https://intranet/',
  'https://db.corp/',
  'https://router.home.arpa/',
  'https://4.3.2.1.in-addr.arpa/',
  'https://service.namespace.svc.cluster.local/',
  'https://hidden.onion/',
  'https://a..example.com/',
  'https://.example.com/',
  'https://-a.example.com/',
  'https://a%00b.example.com/',
  'https://a%2eb..example.com/',
  `https://${'a'.repeat(64)}.example.com/`,
  `https://hooks.example.com/${'a'.repeat(2100)}`,
  // 127.0.0.1 in all its forms.
  'https://127.0.0.1/',
  'https://127.0.0.1./',
  'https://127.1/',
  'https://127.255.255.254/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0x7f.1/',
  'https://0177.0.0.1/',
  'https://017700000001/',
  'https://127。0。0。1/',
  'https://①②⑦.0.0.1/',
  'https://%31%32%37.0.0.1/',
  'https://0/',
  'https://0.0.0.0/',
  'https://0.1.2.3/',
  'https://[::1]/',
  'https://[0:0:0:0:0:0:0:1]/',
  'https://[::]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[::127.0.0.1]/',
  'https://[::ffff:0:127.0.0.1]/',
  'https://[64:ff9b::127.0.0.1]/',
  'https://[64:ff9b::5db8:d822]/',
  'https://[64:ff9b:1::7f00:1]/',
  'https://[2002:7f00:1::]/',
  'https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
  'https://[fe80::1%25eth0]/',
  // Private, of clouds, of carriers, special.
  'https://10.0.0.1/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://100.64.0.1/',
  'https://100.100.100.200/',
  'https://169.254.169.254/latest/meta-data/',
  'https://0xa9fea9fe/',
  'https://2852039166/',
  'https://168.63.129.16/',
  'https://[::ffff:168.63.129.16]/',
  'https://[fd00:ec2::254]/',
  'https://[fc00::1]/',
  'https://[fe80::1]/',
  'https://[fec0::1]/',
  'https://[::ffff:169.254.169.254]/',
  'https://192.0.0.1/',
  'https://192.0.2.1/',
  'https://192.88.99.1/',
  'https://198.18.0.1/',
  'https://198.51.100.1/',
  'https://203.0.113.1/',
  'https://224.0.0.1/',
  'https://240.0.0.1/',
  'https://255.255.255.255/',
  'https://[ff02::1]/',
  'https://[2001:db8::1]/',
  'https://[2001:2::1]/',
  'https://[3fff::1]/',
  'https://[100::1]/',
  'https://[5f00::1]/',
  'https://[4000::1]/',
];

describe('an endpoint may not be', () => {
  test.each(HOSTILE)('%s', async (url) => {
    expect(await isRefused(url, PUBLIC)).toBe(true);
  });

  test.each([
    [['127.0.0.1']],
    [['93.184.216.34', '10.0.0.1']],
    [['::ffff:10.0.0.1']],
    [['::ffff:0a00:0001']],
    [['fe80::1%eth0']],
    [['64:ff9b::a00:1']],
    [['2002:a00:1::1']],
    [['::10.0.0.1']],
    [['010.1']],
    [['not an address']],
    [[]],
  ])('a name that resolves to %s', async (addresses) => {
    expect(await isRefused('https://hooks.example.com/', guardOf(addresses))).toBe(true);
  });

  test('a name that cannot be resolved', async () => {
    const lookup = () => Promise.reject(new Error('queryA ENOTFOUND 10.1.2.3'));
    await expect(checkEndpoint('https://hooks.example.com/', { webhookAllow: [], lookup })).rejects.toMatchObject({
      code: 'ENDPOINT_REFUSED',
      message: expect.not.stringContaining('10.1.2.3'),
    });
  });

  test('and why is said without the addresses', async () => {
    const error = await checkEndpoint('https://hooks.example.com/', guardOf(['10.9.8.7'])).catch((e: unknown) => e);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/10\.9\.8\.7/);
  });
});

describe('networks of the operator', () => {
  const own = ['127.0.0.1/32', '10.1.0.0/16', 'fd00:1::/32'];

  test.each([
    ['http://127.0.0.1:8080/', []],
    ['https://127.0.0.1/', []],
    ['http://[::ffff:127.0.0.1]:3000/', []],
    ['http://[fd00:1::5]:3000/', []],
    ['http://localhost:8080/', ['127.0.0.1']],
    ['http://hooks.corp.internal/', ['10.1.2.3', 'fd00:1::1']],
    ['https://hooks.example.com/', ['10.1.2.3']],
    ['https://hooks.example.com/', ['93.184.216.34']],
  ])('may be reached: %s %s', async (url, addresses) => {
    expect(await isRefused(url, guardOf(addresses, own))).toBe(false);
  });

  test.each([
    ['http://127.0.0.2:8080/', []],
    ['http://93.184.216.34/', []],
    ['https://93.184.216.34:22/', []],
    ['http://hooks.example.com/', ['93.184.216.34']],
    ['http://hooks.example.com/', ['10.1.2.3', '93.184.216.34']],
    ['https://metadata.google.internal/', ['169.254.169.254']],
    ['https://hooks.corp.internal/', ['93.184.216.34']],
    ['http://localhost:8080/', ['::1']],
    ['ftp://10.1.2.3/', []],
  ])('open nothing else: %s %s', async (url, addresses) => {
    expect(await isRefused(url, guardOf(addresses, own))).toBe(true);
  });

  test('are networks', () => {
    expect(webhookAllowSchema.safeParse(own).success).toBe(true);
    for (const bad of ['127.0.0.1', 'localhost', '10.0.0.0/33', '', '::1/129']) {
      expect(webhookAllowSchema.safeParse([bad]).success).toBe(false);
    }
  });
});

test('no IPv4 address that is not public gets through in an IPv6 one', () => {
  const special = fc.oneof(
    fc.tuple(fc.constantFrom(0, 10, 127, 224, 239, 240, 255), fc.nat(255), fc.nat(255), fc.nat(255)),
    fc.tuple(fc.constant(192), fc.constant(168), fc.nat(255), fc.nat(255)),
    fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), fc.nat(255), fc.nat(255)),
    fc.tuple(fc.constant(169), fc.constant(254), fc.nat(255), fc.nat(255)),
    fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), fc.nat(255), fc.nat(255)),
  );
  fc.assert(
    fc.property(special, (bytes) => {
      const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0'));
      const [high, low] = [`${hex[0]}${hex[1]}`, `${hex[2]}${hex[3]}`];
      expect(isPublicAddress(bytes.join('.'))).toBe(false);
      for (const before of ['::ffff:', '::', '::ffff:0:', '64:ff9b::', '64:ff9b:1::']) {
        expect(isPublicAddress(`${before}${high}:${low}`)).toBe(false);
        expect(isPublicAddress(`${before}${bytes.join('.')}`)).toBe(false);
      }
      expect(isPublicAddress(`2002:${high}:${low}::1`)).toBe(false);
    }),
  );
});
