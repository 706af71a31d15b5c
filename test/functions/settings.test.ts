import { expect, test } from 'vitest';
import { functions } from '../../functions/index.ts';
import { ACCOUNT_FUNCTIONS, readSettings } from '../../functions/settings.ts';

const NEEDED = { FUNCTION_TARGET: 'probe', REWOUND_PROJECT: 'p', REWOUND_BUCKET: 'b' };
const CALLER = { REWOUND_PUSH_AUDIENCE: 'https://probe.example', REWOUND_PUSH_EMAIL: 'push@p.iam.gserviceaccount.com' };

test('a deployed service says who may call it', () => {
  expect(readSettings({ ...NEEDED, ...CALLER, REWOUND_DEVICE: 'cuda', REWOUND_WINDOW: '8', PORT: '80' })).toEqual({
    target: 'probe',
    port: 80,
    project: 'p',
    bucket: 'b',
    topicPrefix: '',
    database: undefined,
    accountsDatabase: undefined,
    device: 'cuda',
    window: 8,
    concurrency: 1,
    caller: { audience: 'https://probe.example', email: 'push@p.iam.gserviceaccount.com' },
  });
});

test('beside an emulator nobody need be named, and is verified all the same if named', () => {
  expect(readSettings({ ...NEEDED, PUBSUB_EMULATOR_HOST: '127.0.0.1:1' }).caller).toBeUndefined();
  expect(readSettings({ ...NEEDED, ...CALLER, PUBSUB_EMULATOR_HOST: '127.0.0.1:1' }).caller).toBeDefined();
});

test.each([...ACCOUNT_FUNCTIONS])('%s, which works with accounts, must be given their database', (target) => {
  const environment = { ...NEEDED, ...CALLER, FUNCTION_TARGET: target };
  expect(() => readSettings(environment)).toThrow(/REWOUND_ACCOUNTS_DATABASE: is needed/);
  const settings = readSettings({ ...environment, REWOUND_ACCOUNTS_DATABASE: 'accounts' });
  expect(settings.accountsDatabase).toBe('accounts');
});

test.each([...functions.keys()].filter((target) => !ACCOUNT_FUNCTIONS.has(target)))(
  '%s must not be given the database of accounts',
  (target) => {
    const environment = { ...NEEDED, ...CALLER, FUNCTION_TARGET: target };
    expect(readSettings(environment).accountsDatabase).toBeUndefined();
    expect(() => readSettings({ ...environment, REWOUND_ACCOUNTS_DATABASE: 'accounts' })).toThrow(
      /REWOUND_ACCOUNTS_DATABASE: must not be given/,
    );
  },
);

test('accounts and audits are in two databases', () => {
  const environment = { ...NEEDED, ...CALLER, FUNCTION_TARGET: 'settle' };
  const same = { REWOUND_DATABASE: 'rewound', REWOUND_ACCOUNTS_DATABASE: 'rewound' };
  expect(() => readSettings({ ...environment, ...same })).toThrow(/must be another database/);
});

test.each([
  ['FUNCTION_TARGET', { ...NEEDED, ...CALLER, FUNCTION_TARGET: undefined }],
  ['REWOUND_PROJECT', { ...NEEDED, ...CALLER, REWOUND_PROJECT: '' }],
  ['REWOUND_DEVICE', { ...NEEDED, ...CALLER, REWOUND_DEVICE: 'secret' }],
  ['REWOUND_WINDOW', { ...NEEDED, ...CALLER, REWOUND_WINDOW: '0' }],
  ['REWOUND_CONCURRENCY', { ...NEEDED, ...CALLER, REWOUND_CONCURRENCY: '0' }],
  ['PORT', { ...NEEDED, ...CALLER, PORT: 'secret' }],
  ['REWOUND_PUSH_AUDIENCE', NEEDED],
  ['REWOUND_PUSH_AUDIENCE', { ...NEEDED, PUBSUB_EMULATOR_HOST: '' }],
  ['REWOUND_PUSH_EMAIL', { ...NEEDED, REWOUND_PUSH_AUDIENCE: 'https://probe.example' }],
  ['REWOUND_PUSH_EMAIL', { ...NEEDED, ...CALLER, REWOUND_PUSH_EMAIL: 'secret' }],
])('an error names %s, not what it holds', (variable, environment) => {
  const read = () => readSettings(environment);
  expect(read).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(variable) }));
  expect(read).not.toThrow(/secret/);
});
