import { describe, expect, test } from 'vitest';
import { readServiceSettings } from '../../functions/settings.ts';

const NEEDED = {
  REWOUND_SECRET: Buffer.alloc(32, 1).toString('base64'),
  REWOUND_ORIGIN: 'https://audits.example.com',
};
const STRIPE = { STRIPE_API_KEY: 'secret-1', STRIPE_WEBHOOK_SECRET: 'secret-2' };

describe('accounts for anybody', () => {
  const OPEN = { ...NEEDED, REWOUND_SIGN_UP: 'open' };

  test.each([
    'https://audits.example.com',
    'http://10.0.0.1:8080',
    'http://127.evil.example',
    'http://localhost.evil.example',
    'http://[::2]',
  ])('are not for free at %s', (origin) => {
    expect(() => readServiceSettings({ ...OPEN, REWOUND_ORIGIN: origin })).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('REWOUND_SIGN_UP') }),
    );
  });

  test.each(['http://127.0.0.1:8080', 'http://localhost:8080', 'http://[::1]:8080'])('are at %s', (origin) => {
    expect(readServiceSettings({ ...OPEN, REWOUND_ORIGIN: origin }).settings.signUp).toBe('open');
  });

  test('are anywhere if they pay', () => {
    expect(readServiceSettings({ ...OPEN, ...STRIPE }).settings).toMatchObject({ signUp: 'open' });
  });
});

test.each([
  ['REWOUND_SECRET', { ...NEEDED, REWOUND_SECRET: 'secret' }],
  ['REWOUND_ORIGIN', { ...NEEDED, REWOUND_ORIGIN: 'secret' }],
  ['REWOUND_SIGN_UP', { ...NEEDED, REWOUND_SIGN_UP: 'secret' }],
  ['REWOUND_PROXIED', { ...NEEDED, REWOUND_PROXIED: 'secret' }],
  ['STRIPE_WEBHOOK_SECRET', { ...NEEDED, STRIPE_API_KEY: 'secret' }],
  ['STRIPE_API_KEY', { ...NEEDED, STRIPE_WEBHOOK_SECRET: 'secret' }],
])('an error names %s, not what it holds', (variable, environment) => {
  const read = () => readServiceSettings(environment);
  expect(read).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(variable) }));
  expect(read).not.toThrow(/secret/);
});

test('what X-Forwarded-For says is believed only where somebody says so', () => {
  expect(readServiceSettings(NEEDED).settings.proxied).toBe(false);
  expect(readServiceSettings({ ...NEEDED, REWOUND_PROXIED: '' }).settings.proxied).toBe(false);
  expect(readServiceSettings({ ...NEEDED, REWOUND_PROXIED: 'false' }).settings.proxied).toBe(false);
  expect(readServiceSettings({ ...NEEDED, REWOUND_PROXIED: 'true' }).settings.proxied).toBe(true);
});
